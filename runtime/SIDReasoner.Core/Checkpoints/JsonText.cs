using System.Text.Json;
using System.Text.Unicode;

namespace SIDReasoner.Core.Checkpoints;

/// <summary>Finds strings that JSON allows and .NET cannot read: invalid UTF-8 and halves of surrogate pairs.</summary>
internal static class JsonText
{
    /// <summary>Whether every string of a document can be read.</summary>
    public static bool IsReadable(ReadOnlySpan<byte> bytes, JsonElement root)
    {
        if (!Utf8.IsValid(bytes))
            return false;
        return (bytes.IndexOf("\\ud"u8) < 0 && bytes.IndexOf("\\uD"u8) < 0) || AreStringsReadable(root);
    }

    private static bool AreStringsReadable(JsonElement element)
    {
        try
        {
            return element.ValueKind switch
            {
                JsonValueKind.String => element.GetString() is not null,
                JsonValueKind.Array => element.EnumerateArray().All(AreStringsReadable),
                JsonValueKind.Object => element.EnumerateObject().All(entry => entry.Name is not null && AreStringsReadable(entry.Value)),
                _ => true,
            };
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }
}
