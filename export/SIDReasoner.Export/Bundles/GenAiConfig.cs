using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using SIDReasoner.Core.Bundles;
using SIDReasoner.Core.Configuration;

namespace SIDReasoner.Export.Bundles;

/// <summary>genai_config.json, with which ONNX Runtime GenAI opens the same graph. Nothing of ours is in it: GenAI refuses keys it does not know.</summary>
internal static class GenAiConfig
{
    private const int ChunkSize = 512;

    /// <summary>The file's text.</summary>
    /// <param name="config">The checkpoint's settings.</param>
    /// <param name="manifest">Context and room for beams.</param>
    /// <param name="architecture">Hugging Face's name of the family.</param>
    /// <param name="endIds">Tokens that end a reply, at least none.</param>
    public static string Write(ModelConfig config, BundleManifest manifest, string architecture, IReadOnlyList<int> endIds)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            WriteModel(json, config, manifest, architecture, endIds);
            json.WriteStartObject("search");
            json.WriteBoolean("do_sample", false);
            json.WriteNumber("num_beams", 1);
            json.WriteNumber("max_length", manifest.Context);
            json.WriteBoolean("past_present_share_buffer", true);
            json.WriteNumber("chunk_size", ChunkSize);
            json.WriteEndObject();
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(stream.ToArray()) + "\n";
    }

    private static void WriteModel(Utf8JsonWriter json, ModelConfig config, BundleManifest manifest, string architecture, IReadOnlyList<int> endIds)
    {
        json.WriteStartObject("model");
        json.WriteString("type", architecture);
        json.WriteNumber("vocab_size", config.VocabSize);
        json.WriteNumber("context_length", manifest.CacheRows);
        var end = endIds.Count > 0 ? endIds[0] : config.PadTokenId ?? 0;
        json.WriteNumber("bos_token_id", config.BosTokenId ?? end);
        json.WriteStartArray("eos_token_id");
        foreach (var id in endIds.DefaultIfEmpty(end))
            json.WriteNumberValue(id);
        json.WriteEndArray();
        json.WriteNumber("pad_token_id", config.PadTokenId ?? end);
        json.WriteStartObject("decoder");
        json.WriteStartObject("session_options");
        json.WriteString("log_id", "onnxruntime-genai");
        json.WriteStartArray("provider_options");
        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteString("filename", manifest.Precisions[0].Model);
        json.WriteNumber("head_size", config.HeadSize);
        json.WriteNumber("hidden_size", config.HiddenSize);
        json.WriteNumber("num_attention_heads", config.HeadCount);
        json.WriteNumber("num_hidden_layers", config.LayerCount);
        json.WriteNumber("num_key_value_heads", config.KvHeadCount);
        WriteNames(json, "inputs", ("input_ids", "input_ids"), ("attention_mask", "attention_mask"),
            ("past_key_names", "past_key_values.%d.key"), ("past_value_names", "past_key_values.%d.value"));
        WriteNames(json, "outputs", ("logits", "logits"), ("present_key_names", "present.%d.key"), ("present_value_names", "present.%d.value"));
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void WriteNames(Utf8JsonWriter json, string group, params (string Key, string Value)[] names)
    {
        json.WriteStartObject(group);
        foreach (var (key, value) in names)
            json.WriteString(key, value);
        json.WriteEndObject();
    }
}
