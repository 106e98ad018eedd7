using System.Text.Json;
using SIDReasoner.Core;
using SIDReasoner.Runtime;

namespace SIDReasoner.Cli.Batch;

/// <summary>One request of an input file.</summary>
/// <param name="Number">The line's number, from 1.</param>
/// <param name="IdJson">The id as it was written, a JSON number or string.</param>
/// <param name="Request">What it asks.</param>
internal sealed record BatchLine(int Number, string IdJson, RecommendRequest Request)
{
    /// <summary>Reads a line.</summary>
    /// <exception cref="SidReasonerException">The line is damaged: what was found and expected, without the line's number.</exception>
    public static BatchLine Parse(int number, string text, RecommendRequest template)
    {
        JsonDocument document;
        try
        {
            document = JsonDocument.Parse(text);
        }
        catch (JsonException exception)
        {
            throw new SidReasonerException($"not JSON (byte {exception.BytePositionInLine}); expected an object with id and history or prompt_ids");
        }

        using (document)
        {
            JsonElement line = document.RootElement;
            if (line.ValueKind != JsonValueKind.Object)
            {
                throw new SidReasonerException($"a JSON {line.ValueKind}; expected an object with id and history or prompt_ids");
            }

            foreach (JsonProperty property in line.EnumerateObject())
            {
                if (property.Name is not ("id" or "history" or "prompt_ids"))
                {
                    throw new SidReasonerException($"the field '{property.Name}' is unknown; expected id and history or prompt_ids");
                }
            }

            if (!line.TryGetProperty("id", out JsonElement id) || id.ValueKind is not (JsonValueKind.Number or JsonValueKind.String))
            {
                throw new SidReasonerException("no id; expected a number or a string");
            }

            bool hasHistory = line.TryGetProperty("history", out JsonElement history);
            bool hasPrompt = line.TryGetProperty("prompt_ids", out JsonElement prompt);
            if (hasHistory == hasPrompt)
            {
                throw new SidReasonerException($"{(hasHistory ? "both" : "neither")} history and prompt_ids; expected one of the two");
            }

            return new BatchLine(number, id.GetRawText(), hasHistory ? template with { History = Ids(history) } : template with { PromptIds = Tokens(prompt) });
        }
    }

    private static List<string> Ids(JsonElement list)
    {
        RequireArray(list, "history");
        var ids = new List<string>(list.GetArrayLength());
        foreach (JsonElement id in list.EnumerateArray())
        {
            ids.Add(id.ValueKind switch
            {
                JsonValueKind.String => id.GetString()!,
                JsonValueKind.Number => id.GetRawText(),
                _ => throw new SidReasonerException($"history holds a JSON {id.ValueKind}; expected item ids, numbers or strings"),
            });
        }

        return ids;
    }

    private static List<int> Tokens(JsonElement list)
    {
        RequireArray(list, "prompt_ids");
        var tokens = new List<int>(list.GetArrayLength());
        foreach (JsonElement token in list.EnumerateArray())
        {
            tokens.Add(token.ValueKind == JsonValueKind.Number && token.TryGetInt32(out int id)
                ? id
                : throw new SidReasonerException($"prompt_ids holds {token.GetRawText()}; expected token ids, whole numbers"));
        }

        return tokens;
    }

    private static void RequireArray(JsonElement list, string name)
    {
        if (list.ValueKind != JsonValueKind.Array)
        {
            throw new SidReasonerException($"{name} is a JSON {list.ValueKind}; expected an array");
        }
    }
}
