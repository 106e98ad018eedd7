using System.Text.Json;
using SIDReasoner.Core;

namespace SIDReasoner.Export.Bundles;

/// <summary>Newline and end of turn, which score mode <c>reference</c> adds to every SID.</summary>
internal static class ReferenceEnd
{
    /// <summary>The two ids from the options, else from tokenizer and prompt.json, else null.</summary>
    /// <exception cref="SidReasonerException">The options name other than two ids, or ids outside the vocabulary.</exception>
    public static IReadOnlyList<int>? Resolve(BundleExportOptions options, TokenizerVocabulary? tokenizer, int vocabSize)
    {
        if (options.ReferenceEnd is { } given)
        {
            if (given.Count != 2 || given.Any(id => id < 0 || id >= vocabSize))
            {
                throw new SidReasonerException(
                    $"--reference-end is '{string.Join(',', given)}'; expected two token ids from 0 to {vocabSize - 1}: newline, end of turn.");
            }

            return given;
        }

        if (tokenizer?.Newline is { } newline && ReplyEnd(options.Checkpoint) is { } text && tokenizer.Find(text) is { } end && end < vocabSize)
            return [newline, end];
        return null;
    }

    private static string? ReplyEnd(string checkpoint)
    {
        var path = Path.Combine(checkpoint, "prompt.json");
        if (!File.Exists(path))
            return null;
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(path));
            return document.RootElement.TryGetProperty("reply_end", out var text) && text.ValueKind == JsonValueKind.String ? text.GetString() : null;
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            throw new InvalidFileException(path, $"not valid JSON: {error.Message}");
        }
    }
}
