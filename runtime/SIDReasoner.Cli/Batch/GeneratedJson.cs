using System.Buffers;
using System.Text;
using System.Text.Json;
using SIDReasoner.Runtime;

namespace SIDReasoner.Cli.Batch;

/// <summary>A generated text as programs read it.</summary>
internal static class GeneratedJson
{
    /// <summary>Writes one text as an object over several lines.</summary>
    public static void WriteOne(TextWriter writer, GeneratedText answer)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, AnswerJson.Plain with { Indented = true, NewLine = "\n" }))
        {
            json.WriteStartObject();
            WriteBody(json, answer);
            json.WriteNumber("prompt_tokens", answer.PromptTokens);
            json.WriteNumber("prefix_tokens", answer.PrefixTokens);
            json.WriteString("engine", answer.Engine);
            json.WriteString("precision", answer.Precision);
            AnswerJson.WriteMemory(json);
            json.WriteEndObject();
        }

        writer.WriteLine(Encoding.UTF8.GetString(buffer.WrittenSpan));
    }

    public static void WriteBody(Utf8JsonWriter json, GeneratedText answer)
    {
        AnswerJson.WriteTokens(json, answer.TokenIds);
        json.WriteString("text", answer.Text);
        json.WriteBoolean("ended", answer.HasEnded);
        if (answer.Thinking is not null)
        {
            AnswerJson.WriteThinking(json, answer.Thinking);
        }

        TextStageTimes stages = answer.Stages;
        json.WriteStartObject("stages_ms");
        json.WriteNumber("prompt", Math.Round(stages.Prompt, 4));
        json.WriteNumber("prefill", Math.Round(stages.Prefill, 4));
        json.WriteNumber("thinking", Math.Round(stages.Thinking, 4));
        json.WriteNumber("decode", Math.Round(stages.Decode, 4));
        json.WriteEndObject();
    }
}
