using SIDReasoner.Core.Checkpoints;
using SIDReasoner.Core.Configuration;

namespace SIDReasoner.Benchmarks.Decoders.Gguf;

/// <summary>A Qwen3 checkpoint as a GGUF file of the same weights: matrices in one form, norms float32, no tokenizer.</summary>
/// <remarks>Every matrix takes the form, embeddings and tied head too, as <c>llama-quantize --pure</c> does. llama.cpp rotates Qwen3's heads as Hugging Face does, so no row is permuted.</remarks>
public static class Qwen3Gguf
{
    /// <summary>Writes a checkpoint's weights.</summary>
    /// <param name="checkpointFolder">The Hugging Face folder.</param>
    /// <param name="type">The matrices' form.</param>
    /// <param name="path">The file to write.</param>
    /// <exception cref="ArgumentException">Another architecture, or a setting that the file cannot say.</exception>
    public static void Write(string checkpointFolder, GgufType type, string path)
    {
        ModelConfig config = ModelConfig.Load(Path.Combine(checkpointFolder, "config.json"));
        if (config.Architecture != DecoderArchitecture.Qwen3 || !config.HasQkNorm || config.RopeScaling is not null || config.HasQkvBias || config.HasOutputBias || config.HasMlpBias)
        {
            throw new ArgumentException($"'{checkpointFolder}' is {config.Architecture} or has biases or scaled positions; expected a plain Qwen3.", nameof(checkpointFolder));
        }

        using SafetensorsReader weights = SafetensorsReader.Open(checkpointFolder);
        var writer = new GgufWriter();
        AddSettings(writer, config);
        Add("token_embd", "model.embed_tokens");
        Add("output_norm", "model.norm");
        if (!config.TiesEmbeddings)
        {
            Add("output", "lm_head");
        }

        for (int layer = 0; layer < config.LayerCount; layer++)
        {
            (string to, string from) = ($"blk.{layer}.", $"model.layers.{layer}.");
            Add(to + "attn_norm", from + "input_layernorm");
            Add(to + "attn_q", from + "self_attn.q_proj");
            Add(to + "attn_k", from + "self_attn.k_proj");
            Add(to + "attn_v", from + "self_attn.v_proj");
            Add(to + "attn_output", from + "self_attn.o_proj");
            Add(to + "attn_q_norm", from + "self_attn.q_norm");
            Add(to + "attn_k_norm", from + "self_attn.k_norm");
            Add(to + "ffn_norm", from + "post_attention_layernorm");
            Add(to + "ffn_gate", from + "mlp.gate_proj");
            Add(to + "ffn_up", from + "mlp.up_proj");
            Add(to + "ffn_down", from + "mlp.down_proj");
        }

        writer.Write(path);

        void Add(string name, string source)
        {
            source += ".weight";
            IReadOnlyList<long> shape = weights.Tensors[source].Shape;
            (int rows, int columns) = shape.Count == 1 ? (1, (int)shape[0]) : ((int)shape[0], (int)shape[1]);
            writer.Add(name + ".weight", shape.Count == 1 ? GgufType.F32 : type, rows, columns, (row, values) => weights.ReadFloats(source, (long)row * columns, values.Span));
        }
    }

    private static void AddSettings(GgufWriter writer, ModelConfig config)
    {
        writer.Add("general.architecture", "qwen3");
        writer.Add("qwen3.vocab_size", (uint)config.VocabSize);
        writer.Add("qwen3.context_length", (uint)config.MaxPositions);
        writer.Add("qwen3.embedding_length", (uint)config.HiddenSize);
        writer.Add("qwen3.block_count", (uint)config.LayerCount);
        writer.Add("qwen3.feed_forward_length", (uint)config.IntermediateSize);
        writer.Add("qwen3.attention.head_count", (uint)config.HeadCount);
        writer.Add("qwen3.attention.head_count_kv", (uint)config.KvHeadCount);
        writer.Add("qwen3.attention.key_length", (uint)config.HeadSize);
        writer.Add("qwen3.attention.value_length", (uint)config.HeadSize);
        writer.Add("qwen3.attention.layer_norm_rms_epsilon", config.RmsNormEpsilon);
        writer.Add("qwen3.rope.freq_base", (float)config.RopeTheta);
        writer.Add("tokenizer.ggml.model", "none");
    }
}
