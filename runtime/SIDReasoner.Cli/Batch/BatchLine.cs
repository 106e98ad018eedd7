using System.Text.Json;
using SIDReasoner.Core;

namespace SIDReasoner.Cli.Batch;

/// <summary>One request of an input file.</summary>
/// <param name="Number">The line's number, from 1.</param>
/// <param name="IdJson">The id as it was written, a JSON number or string.</param>
/// <param name="Request">What it asks.</param>
internal sealed record BatchLine<TRequest>(int Number, string IdJson, TRequest Request);

/// <summary>Reads lines and the values that several kinds of request have.</summary>
internal static class BatchLine
{
    /// <summary>Reads a line.</summary>
    /// <exception cref="SidReasonerException">The line is damaged: what was found and expected, without the line's number.</exception>
    public static BatchLine<TRequest> Parse<TRequest, TAnswer>(int number, string text, IBatchJob<TRequest, TAnswer> job)
    {
        string expected = $"{string.Join(", ", job.Fields.SkipLast(1))} or {job.Fields[^1]}";
        JsonDocument document;
        try
        {
            document = JsonDocument.Parse(text);
        }
        catch (JsonException exception)
        {
            throw new SidReasonerException($"not JSON (byte {exception.BytePositionInLine}); expected an object with id and {expected}");
        }

        using (document)
        {
            JsonElement line = document.RootElement;
            if (line.ValueKind != JsonValueKind.Object)
            {
                throw new SidReasonerException($"a JSON {line.ValueKind}; expected an object with id and {expected}");
            }

            foreach (JsonProperty property in line.EnumerateObject())
            {
                if (property.Name != "id" && !job.Fields.Contains(property.Name))
                {
                    throw new SidReasonerException($"the field '{property.Name}' is unknown; expected id and {expected}");
                }
            }

            if (!line.TryGetProperty("id", out JsonElement id) || id.ValueKind is not (JsonValueKind.Number or JsonValueKind.String))
            {
                throw new SidReasonerException("no id; expected a number or a string");
            }

            string[] given = [.. job.Fields.Where(field => line.TryGetProperty(field, out _))];
            if (given.Length != 1)
            {
                string found = given.Length == 0
                    ? $"neither {string.Join(" nor ", job.Fields)}"
                    : $"{(given.Length == 2 ? "both " : "")}{string.Join(" and ", given)}";
                throw new SidReasonerException($"{found}; expected one of {expected}");
            }

            return new BatchLine<TRequest>(number, id.GetRawText(), job.Parse(given[0], line.GetProperty(given[0])));
        }
    }

    /// <summary>A list of item ids, numbers or strings.</summary>
    public static List<string> ItemIds(string name, JsonElement list)
    {
        RequireArray(name, list);
        var ids = new List<string>(list.GetArrayLength());
        foreach (JsonElement id in list.EnumerateArray())
        {
            ids.Add(id.ValueKind switch
            {
                JsonValueKind.String => id.GetString()!,
                JsonValueKind.Number => id.GetRawText(),
                _ => throw new SidReasonerException($"{name} holds a JSON {id.ValueKind}; expected item ids, numbers or strings"),
            });
        }

        return ids;
    }

    /// <summary>A list of token ids.</summary>
    public static List<int> TokenIds(string name, JsonElement list)
    {
        RequireArray(name, list);
        var tokens = new List<int>(list.GetArrayLength());
        foreach (JsonElement token in list.EnumerateArray())
        {
            tokens.Add(token.ValueKind == JsonValueKind.Number && token.TryGetInt32(out int id)
                ? id
                : throw new SidReasonerException($"{name} holds {token.GetRawText()}; expected token ids, whole numbers"));
        }

        return tokens;
    }

    /// <summary>Refuses what is no array.</summary>
    public static void RequireArray(string name, JsonElement list)
    {
        if (list.ValueKind != JsonValueKind.Array)
        {
            throw new SidReasonerException($"{name} is a JSON {list.ValueKind}; expected an array");
        }
    }
}
