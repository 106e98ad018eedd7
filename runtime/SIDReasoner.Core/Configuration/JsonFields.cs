using System.Text.Json;
using SIDReasoner.Core.Checkpoints;

namespace SIDReasoner.Core.Configuration;

/// <summary>Typed reads of one JSON object that gather their problems instead of throwing.</summary>
internal sealed class JsonFields(JsonElement element, List<string> problems, string prefix = "")
{
    /// <summary>The property, unless it is absent or null.</summary>
    public JsonElement? Find(string name) =>
        element.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;

    /// <summary>A whole number of at least <paramref name="least"/>; required unless <paramref name="fallback"/> is given.</summary>
    public int Integer(string name, int least = 1, int? fallback = null)
    {
        if (Find(name) is not { } value)
        {
            if (fallback is null)
                problems.Add($"'{prefix}{name}' is missing; expected a whole number of at least {least}.");
            return fallback ?? least;
        }

        if (value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number) && number >= least)
            return number;
        problems.Add($"'{prefix}{name}' is {value.GetRawText()}; expected a whole number of at least {least}.");
        return fallback ?? least;
    }

    /// <summary>A positive finite number.</summary>
    public double Positive(string name, double? fallback = null)
    {
        if (Find(name) is not { } value)
        {
            if (fallback is null)
                problems.Add($"'{prefix}{name}' is missing; expected a positive number.");
            return fallback ?? 1;
        }

        if (value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var number) && number > 0 && double.IsFinite(number))
            return number;
        problems.Add($"'{prefix}{name}' is {value.GetRawText()}; expected a positive number.");
        return fallback ?? 1;
    }

    /// <summary>True or false.</summary>
    public bool Boolean(string name, bool fallback)
    {
        if (Find(name) is not { } value)
            return fallback;
        if (value.ValueKind is JsonValueKind.True or JsonValueKind.False)
            return value.GetBoolean();
        problems.Add($"'{prefix}{name}' is {value.GetRawText()}; expected true or false.");
        return fallback;
    }

    /// <summary>A string, or null where it is absent.</summary>
    public string? Text(string name)
    {
        if (Find(name) is not { } value)
            return null;
        if (value.ValueKind == JsonValueKind.String)
            return value.GetString();
        problems.Add($"'{prefix}{name}' is {value.GetRawText()}; expected a string.");
        return null;
    }

    /// <summary>One token id or a list of them; empty where absent.</summary>
    public IReadOnlyList<int> TokenIds(string name)
    {
        if (Find(name) is not { } value)
            return [];
        var elements = value.ValueKind == JsonValueKind.Array ? value.EnumerateArray().ToList() : [value];
        var ids = new List<int>();
        foreach (var id in elements)
        {
            if (id.ValueKind == JsonValueKind.Number && id.TryGetInt32(out var number) && number >= 0)
                ids.Add(number);
            else
                problems.Add($"'{prefix}{name}' holds {id.GetRawText()}; expected a token id or a list of them.");
        }

        return ids;
    }

    /// <summary>An object's fields, or null where it is absent.</summary>
    public JsonFields? Object(string name)
    {
        if (Find(name) is not { } value)
            return null;
        if (value.ValueKind == JsonValueKind.Object)
            return new JsonFields(value, problems, $"{prefix}{name}.");
        problems.Add($"'{prefix}{name}' is {JsonFile.Name(value.ValueKind)}; expected an object.");
        return null;
    }
}
