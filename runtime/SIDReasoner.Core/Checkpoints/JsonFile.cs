using System.Text.Json;

namespace SIDReasoner.Core.Checkpoints;

/// <summary>Reads a small JSON file whole, with errors that name the file and the place.</summary>
internal static class JsonFile
{
    /// <summary>Parses a file whose top is an object.</summary>
    /// <exception cref="SidReasonerException">Missing, unreadable, no JSON, or the top is no object.</exception>
    public static JsonDocument ReadObject(string path)
    {
        var document = Parse(path, ReadBytes(path));
        if (document.RootElement.ValueKind == JsonValueKind.Object)
            return document;
        var found = document.RootElement.ValueKind;
        document.Dispose();
        throw new InvalidFileException(path, $"the top is {Name(found)}; expected an object.");
    }

    /// <summary>Parses bytes that came from a file.</summary>
    public static JsonDocument Parse(string path, ReadOnlyMemory<byte> bytes)
    {
        if (bytes.Span.StartsWith("\uFEFF"u8))
            bytes = bytes[3..];
        try
        {
            var document = JsonDocument.Parse(bytes, new JsonDocumentOptions { MaxDepth = 64 });
            if (JsonText.IsReadable(bytes.Span, document.RootElement))
                return document;
            document.Dispose();
            throw new InvalidFileException(path, "holds text that is not valid UTF-8, or half a surrogate pair; expected UTF-8.");
        }
        catch (JsonException error)
        {
            throw new InvalidFileException(
                path, $"not valid JSON at line {error.LineNumber + 1}, byte {error.BytePositionInLine + 1} of {bytes.Length} bytes in all; is the file complete?");
        }
    }

    public static byte[] ReadBytes(string path)
    {
        try
        {
            return File.ReadAllBytes(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new SidReasonerException($"Cannot read '{path}': {error.Message}", error);
        }
    }

    /// <summary>A JSON kind as a reader of an error would call it.</summary>
    public static string Name(JsonValueKind kind) => kind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "an array",
        JsonValueKind.String => "a string",
        JsonValueKind.Number => "a number",
        JsonValueKind.True or JsonValueKind.False => "a boolean",
        JsonValueKind.Null => "null",
        _ => "missing",
    };
}
