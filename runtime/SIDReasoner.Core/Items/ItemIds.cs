using System.Text.Json;
using SIDReasoner.Core.Checkpoints;

namespace SIDReasoner.Core.Items;

/// <summary>Item ids in JSON: strings, or numbers as they are written.</summary>
internal static class ItemIds
{
    /// <summary>The text of an id, or null where it is neither a string nor a number.</summary>
    public static string? Text(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => value.GetString(),
        JsonValueKind.Number => value.GetRawText(),
        _ => null,
    };

    /// <summary>Reads a required id; null with a problem where it is missing or of another kind.</summary>
    public static string? Read(JsonElement line, string name, List<string> problems)
    {
        if (line.TryGetProperty(name, out var value) && Text(value) is { Length: > 0 } id)
            return id;
        problems.Add($"'{name}' is {(value.ValueKind == JsonValueKind.String ? "empty" : JsonFile.Name(value.ValueKind))}; expected a string or a number.");
        return null;
    }
}
