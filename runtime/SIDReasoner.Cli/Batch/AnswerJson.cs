using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using SIDReasoner.Core.Hosting;
using SIDReasoner.Runtime;

namespace SIDReasoner.Cli.Batch;

/// <summary>An answer as programs read it.</summary>
internal static class AnswerJson
{
    /// <summary>Characters as they are, one line.</summary>
    public static readonly JsonWriterOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Writes one answer as an object over several lines.</summary>
    public static void WriteOne(TextWriter writer, Recommendation answer)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, Plain with { Indented = true, NewLine = "\n" }))
        {
            json.WriteStartObject();
            WriteBody(json, answer);
            if (answer.Thinking is not null)
            {
                WriteMentions(json, answer.Thinking);
            }

            json.WriteNumber("prompt_tokens", answer.PromptTokens);
            json.WriteNumber("prefix_tokens", answer.PrefixTokens);
            json.WriteNumber("beams", answer.BeamWidth);
            json.WriteString("score_mode", answer.ScoreMode.ToString().ToLowerInvariant());
            json.WriteString("engine", answer.Engine);
            json.WriteString("kernel", answer.Kernel);
            json.WriteString("precision", answer.Precision);
            WriteMemory(json);
            json.WriteEndObject();
        }

        writer.WriteLine(Encoding.UTF8.GetString(buffer.WrittenSpan));
    }

    /// <summary>An answer's fields, inside an object.</summary>
    public static void WriteBody(Utf8JsonWriter json, Recommendation answer)
    {
        json.WriteStartArray("items");
        foreach (RankedItem item in answer.Items)
        {
            json.WriteStartObject();
            json.WriteNumber("rank", item.Rank);
            json.WriteString("sid", item.Sid.ToString());
            json.WriteStartArray("item_ids");
            foreach (string id in item.ItemIds)
            {
                WriteItemId(json, id);
            }

            json.WriteEndArray();
            json.WriteString("title", item.Title);
            json.WriteNumber("score", item.Score);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        if (answer.Thinking is not null)
        {
            WriteThinking(json, answer.Thinking);
        }

        if (answer.DroppedItems > 0)
        {
            json.WriteNumber("dropped_items", answer.DroppedItems);
        }

        StageTimes stages = answer.Stages;
        json.WriteStartObject("stages_ms");
        json.WriteNumber("prompt", Math.Round(stages.Prompt, 4));
        json.WriteNumber("prefill", Math.Round(stages.Prefill, 4));
        json.WriteNumber("thinking", Math.Round(stages.Thinking, 4));
        json.WriteNumber("search", Math.Round(stages.Search, 4));
        json.WriteNumber("lookup", Math.Round(stages.Lookup, 4));
        json.WriteEndObject();
    }

    /// <summary>What this process needs, as "memory_mb".</summary>
    public static void WriteMemory(Utf8JsonWriter json)
    {
        var memory = ProcessMemory.Read();
        json.WriteStartObject("memory_mb");
        json.WriteNumber("peak", Math.Round(ProcessMemory.Megabytes(memory.PeakResidentBytes), 1));
        if (memory.AnonymousBytes is { } anonymous)
        {
            json.WriteNumber("anonymous", Math.Round(ProcessMemory.Megabytes(anonymous), 1));
        }

        json.WriteEndObject();
    }

    /// <summary>A thought, as "thinking".</summary>
    public static void WriteThinking(Utf8JsonWriter json, Thought thought)
    {
        json.WriteStartObject("thinking");
        json.WriteString("text", thought.Text);
        WriteTokens(json, thought.TokenIds);
        json.WriteBoolean("closed", thought.IsClosed);
        json.WriteEndObject();
    }

    /// <summary>Token ids, as "token_ids".</summary>
    public static void WriteTokens(Utf8JsonWriter json, IReadOnlyList<int> tokens)
    {
        json.WriteStartArray("token_ids");
        foreach (int token in tokens)
        {
            json.WriteNumberValue(token);
        }

        json.WriteEndArray();
    }

    /// <summary>The SIDs that a thought names, as "thinking_sids"; title null: not in the catalogue.</summary>
    private static void WriteMentions(Utf8JsonWriter json, Thought thought)
    {
        json.WriteStartArray("thinking_sids");
        foreach (SidMention mention in thought.Mentions)
        {
            json.WriteStartObject();
            json.WriteString("sid", mention.Sid.ToString());
            json.WriteBoolean("known", mention.IsKnown);
            json.WriteStartArray("item_ids");
            foreach (string id in mention.ItemIds)
            {
                WriteItemId(json, id);
            }

            json.WriteEndArray();
            json.WriteString("title", mention.Title);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    /// <summary>Item ids that are whole numbers in their shortest form come as numbers, as the interaction files have them; others as strings.</summary>
    private static void WriteItemId(Utf8JsonWriter json, string id)
    {
        if (long.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out long number) && number.ToString(CultureInfo.InvariantCulture) == id)
        {
            json.WriteNumberValue(number);
        }
        else
        {
            json.WriteStringValue(id);
        }
    }
}
