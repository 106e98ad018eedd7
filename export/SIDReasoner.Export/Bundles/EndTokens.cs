using System.Text.Json;
using SIDReasoner.Core;
using SIDReasoner.Core.Configuration;

namespace SIDReasoner.Export.Bundles;

/// <summary>Tokens that end a reply: generation_config.json wins over config.json, as in transformers.</summary>
internal static class EndTokens
{
    public static IReadOnlyList<int> Read(string checkpoint, ModelConfig config)
    {
        var path = Path.Combine(checkpoint, "generation_config.json");
        if (!File.Exists(path))
            return config.EosTokenIds;
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(path));
            if (!document.RootElement.TryGetProperty("eos_token_id", out var ids))
                return config.EosTokenIds;
            return ids.ValueKind switch
            {
                JsonValueKind.Number => [ids.GetInt32()],
                JsonValueKind.Array => [.. ids.EnumerateArray().Select(id => id.GetInt32())],
                _ => config.EosTokenIds,
            };
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or FormatException)
        {
            throw new InvalidFileException(path, $"cannot read 'eos_token_id': {error.Message} Expected a token id or a list of them.");
        }
    }
}
