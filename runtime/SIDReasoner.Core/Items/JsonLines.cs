using System.Text.Json;
using SIDReasoner.Core.Checkpoints;

namespace SIDReasoner.Core.Items;

/// <summary>Reads a file of one JSON object a line.</summary>
internal static class JsonLines
{
    /// <summary>The objects with their line numbers from 1. Damaged lines become problems; empty lines are skipped. An element is valid until the next.</summary>
    public static IEnumerable<(int Number, JsonElement Line)> Read(string path, List<string> problems)
    {
        ReadOnlyMemory<byte> rest = JsonFile.ReadBytes(path);
        if (rest.Span.StartsWith("\uFEFF"u8))
            rest = rest[3..];
        for (var number = 1; rest.Length > 0; number++)
        {
            var end = rest.Span.IndexOf((byte)'\n');
            var line = end < 0 ? rest : rest[..end];
            rest = end < 0 ? default : rest[(end + 1)..];
            if (line.Span.Trim(" \t\r"u8).IsEmpty)
                continue;
            using var document = Parse(line, number, problems);
            if (document is not null)
                yield return (number, document.RootElement);
        }
    }

    private static JsonDocument? Parse(ReadOnlyMemory<byte> line, int number, List<string> problems)
    {
        try
        {
            var document = JsonDocument.Parse(line);
            var isReadable = JsonText.IsReadable(line.Span, document.RootElement);
            if (isReadable && document.RootElement.ValueKind == JsonValueKind.Object)
                return document;
            problems.Add(!isReadable ? $"line {number}: not valid UTF-8, or half a surrogate pair." : $"line {number}: {JsonFile.Name(document.RootElement.ValueKind)}; expected an object.");
            document.Dispose();
        }
        catch (JsonException error)
        {
            problems.Add($"line {number}: not valid JSON at byte {error.BytePositionInLine + 1}.");
        }

        return null;
    }
}
