using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using SIDReasoner.Runtime;

namespace SIDReasoner.Cli.Batch;

/// <summary>An answer as programs read it.</summary>
internal static class AnswerJson
{
    private static readonly JsonWriterOptions s_plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Writes one answer as an object over several lines.</summary>
    public static void WriteOne(TextWriter writer, Recommendation answer)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, s_plain with { Indented = true, NewLine = "\n" }))
        {
            json.WriteStartObject();
            WriteBody(json, answer);
            json.WriteNumber("prompt_tokens", answer.PromptTokens);
            json.WriteNumber("beams", answer.BeamWidth);
            json.WriteString("score_mode", answer.ScoreMode.ToString().ToLowerInvariant());
            json.WriteString("engine", answer.Engine);
            json.WriteString("precision", answer.Precision);
            json.WriteEndObject();
        }

        writer.WriteLine(Encoding.UTF8.GetString(buffer.WrittenSpan));
    }

    /// <summary>One line of an output file, without the line end.</summary>
    public static byte[] Line(string idJson, Recommendation answer)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, s_plain))
        {
            json.WriteStartObject();
            json.WritePropertyName("id");
            json.WriteRawValue(idJson);
            WriteBody(json, answer);
            json.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }

    private static void WriteBody(Utf8JsonWriter json, Recommendation answer)
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
        StageTimes stages = answer.Stages;
        json.WriteStartObject("stages_ms");
        json.WriteNumber("prompt", Math.Round(stages.Prompt, 4));
        json.WriteNumber("prefill", Math.Round(stages.Prefill, 4));
        json.WriteNumber("thinking", Math.Round(stages.Thinking, 4));
        json.WriteNumber("search", Math.Round(stages.Search, 4));
        json.WriteNumber("lookup", Math.Round(stages.Lookup, 4));
        json.WriteEndObject();
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
