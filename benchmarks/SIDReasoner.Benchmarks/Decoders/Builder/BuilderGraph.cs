using Google.Protobuf;
using SIDReasoner.Core.Checkpoints;
using SIDReasoner.Core.Configuration;
using SIDReasoner.Export.Onnx;
using DataType = Onnx.TensorProto.Types.DataType;

namespace SIDReasoner.Benchmarks.Decoders.Builder;

/// <summary>A decoder's graph as ONNX Runtime GenAI's own model builder writes it for the CPU, node for node, from a checkpoint with a tied head.</summary>
/// <remarks>
/// Q, K and V are one product, split where the heads are normed (Qwen3), else handed to attention as one (Llama). The head runs on every row, as that builder has it by default.
/// Its float32 file and its int4 file are reproduced (tests compare logits and codes); 8 bits are the same graph with wider codes.
/// </remarks>
internal sealed class BuilderGraph
{
    private readonly ModelConfig _config;
    private readonly OnnxGraphBuilder _graph = new("1");
    private readonly BuilderWeights _weights;
    private OnnxValue _last;
    private OnnxValue _total;
    private OnnxValue _cos;
    private OnnxValue _sin;

    private BuilderGraph(ModelConfig config, SafetensorsReader reader, BuilderPrecision precision, string dataPath)
    {
        _config = config;
        _weights = new BuilderWeights(_graph, reader, precision, new FileStream(dataPath, FileMode.Create, FileAccess.Write, FileShare.None, 1 << 20));
    }

    /// <summary>Name of the graph's file; its weights lie beside it, with <c>.data</c> added.</summary>
    public const string FileName = "model.onnx";

    private bool IsQuantized => _weights.Bits < 32;

    /// <summary>Writes the graph and its weights.</summary>
    /// <param name="checkpointFolder">Qwen3 or Llama with a tied head and without biases.</param>
    /// <param name="precision">The products' form.</param>
    /// <param name="positions">Rows of the rotary tables.</param>
    /// <param name="folder">Made where it is not.</param>
    /// <exception cref="ArgumentException">A checkpoint that this writer does not cover.</exception>
    public static void Write(string checkpointFolder, BuilderPrecision precision, int positions, string folder)
    {
        ModelConfig config = ModelConfig.Load(Path.Combine(checkpointFolder, "config.json"));
        if (!config.TiesEmbeddings || config.HasQkvBias || config.HasOutputBias || config.HasMlpBias || config.RopeScaling is not null)
        {
            throw new ArgumentException($"'{checkpointFolder}' has an untied head, biases or scaled positions; expected none of these.", nameof(checkpointFolder));
        }

        Directory.CreateDirectory(folder);
        using SafetensorsReader reader = SafetensorsReader.Open(checkpointFolder);
        var writer = new BuilderGraph(config, reader, precision, Path.Combine(folder, FileName + ".data"));
        using (writer._weights)
        {
            writer.Write(positions);
        }

        using FileStream stream = File.Create(Path.Combine(folder, FileName));
        writer._graph.Build().WriteTo(stream);
    }

    private void Write(int positions)
    {
        OnnxValue ids = _graph.Input("input_ids", DataType.Int64, "batch_size", "sequence_length");
        WriteLengths(_graph.Input("attention_mask", DataType.Int64, "batch_size", "total_sequence_length"));
        WriteRotary(positions);
        (OnnxValue residual, Func<OnnxValue, OnnxValue> head) = WriteEnds(ids);
        OnnxValue normed = _graph.Op("/model/layers.0/input_layernorm", "SimplifiedLayerNormalization", [residual, Norm("model.layers.0.input_layernorm", "model.layers.0.input_layernorm")], NormAttributes());
        for (int layer = 0; layer < _config.LayerCount; layer++)
        {
            (string name, string source) = ($"model.layers.{layer}", $"model.layers.{layer}.");
            OnnxValue attention = WriteAttention(layer, normed);
            OnnxValue projected = Product($"{name}.attn.o_proj.MatMul", attention, source + "self_attn.o_proj");
            (normed, residual) = AddAndNorm($"{name}.post_attention_layernorm", residual, projected, $"{name}.post_attention_layernorm");
            OnnxValue gate = Product($"{name}.mlp.gate_proj.MatMul", normed, source + "mlp.gate_proj");
            OnnxValue up = Product($"{name}.mlp.up_proj.MatMul", normed, source + "mlp.up_proj");
            OnnxValue silu = _graph.Op($"/{name}/mlp/act_fn/Mul", "Mul", [gate, _graph.Op($"/{name}/mlp/act_fn/Sigmoid", "Sigmoid", [gate])]);
            OnnxValue down = Product($"{name}.mlp.down_proj.MatMul", _graph.Op($"/{name}/mlp/Mul", "Mul", [silu, up]), source + "mlp.down_proj");
            bool isLast = layer == _config.LayerCount - 1;
            string next = isLast ? $"model.layers.{layer + 1}.final_norm_layernorm" : $"model.layers.{layer + 1}.input_layernorm";
            (normed, residual) = AddAndNorm(next, residual, down, isLast ? "model.norm" : next);
        }

        _graph.Output(head(normed), DataType.Float, "batch_size", "sequence_length", _config.VocabSize);
    }

    private void WriteLengths(OnnxValue mask)
    {
        OnnxValue sum = _graph.Op("/model/attn_mask/ReduceSum", "ReduceSum", [mask, _graph.Int64s(1)], new OnnxAttribute("keepdims", 0));
        OnnxValue last = _graph.Op("/model/attn_mask/Sub", "Sub", [sum, _graph.Int64s(1)]);
        _last = _graph.Op("/model/attn_mask/Sub/Cast", "Cast", [last], new OnnxAttribute("to", (long)DataType.Int32));
        OnnxValue total = _graph.Op("/model/attn_mask/Gather", "Gather", [_graph.Op("/model/attn_mask/Shape", "Shape", [mask]), _graph.Int64(1)], new OnnxAttribute("axis", 0));
        _total = _graph.Op("/model/attn_mask/Gather/Cast", "Cast", [total], new OnnxAttribute("to", (long)DataType.Int32));
    }

    private void WriteRotary(int positions)
    {
        float[] frequencies = _config.RotaryInverseFrequencies();
        _cos = Table("cos_cache", Math.Cos);
        _sin = Table("sin_cache", Math.Sin);

        OnnxValue Table(string name, Func<double, double> function) => _weights.Floats(
            name,
            [positions, frequencies.Length],
            [.. Enumerable.Range(0, positions).SelectMany(position => frequencies.Select(frequency => (float)function(position * frequency)))]);
    }

    /// <summary>Embeddings and head, which share their weights.</summary>
    private (OnnxValue Embedded, Func<OnnxValue, OnnxValue> Head) WriteEnds(OnnxValue ids)
    {
        const string Embeddings = "model.embed_tokens.weight";
        if (!IsQuantized)
        {
            (OnnxValue weight, _, _) = _weights.Transposed("lm_head.MatMul", Embeddings);
            var permutation = _graph.Op("/model/embed_tokens/Transpose", "Transpose", [weight]);
            return (_graph.Op("/model/embed_tokens/Gather", "Gather", [permutation, ids]), x => _graph.Op("logits", "MatMul", [x, weight]));
        }

        (OnnxValue codes, OnnxValue scales, int inputs, int outputs) = _weights.Quantized("lm_head.MatMul", Embeddings);
        OnnxValue table = _graph.Op("/model/embed_tokens/Reshape", "Reshape", [codes, _graph.Int64s(outputs, inputs * _weights.Bits / 8)]);
        OnnxValue embedded = _graph.Node(
            "/model/embed_tokens/GatherBlockQuantized",
            "GatherBlockQuantized",
            OnnxDomain.Microsoft,
            [table, ids, scales],
            new OnnxAttribute("bits", _weights.Bits),
            new OnnxAttribute("block_size", BlockQuantizer.BlockSize),
            new OnnxAttribute("gather_axis", 0),
            new OnnxAttribute("quantize_axis", 1));
        return (embedded, x => NBits("logits", x, codes, scales, inputs, outputs));
    }

    private OnnxValue WriteAttention(int layer, OnnxValue x)
    {
        string name = $"model.layers.{layer}";
        int queries = _config.HeadCount * _config.HeadSize, keys = _config.KvHeadCount * _config.HeadSize;
        OnnxValue q = Product($"{name}.attn.qkv_proj.MatMul", x, $"{name}.self_attn.q_proj", $"{name}.self_attn.k_proj", $"{name}.self_attn.v_proj");
        (OnnxValue k, OnnxValue v) = (OnnxValue.None, OnnxValue.None);
        if (_config.HasQkNorm)
        {
            string split = $"/{name}/attn/qkv_proj/Split";
            OnnxValue[] parts = _graph.Nodes(split, "Split", OnnxDomain.Standard, [q, _graph.Int64s(queries, keys, keys)], [split + "_0", split + "_1", split + "_2"], new OnnxAttribute("axis", -1));
            (q, k, v) = (HeadNorm(name, "q_norm", parts[0], queries), HeadNorm(name, "k_norm", parts[1], keys), parts[2]);
        }

        OnnxValue pastKey = _graph.Input($"past_key_values.{layer}.key", DataType.Float, "batch_size", _config.KvHeadCount, "past_sequence_length", _config.HeadSize);
        OnnxValue pastValue = _graph.Input($"past_key_values.{layer}.value", DataType.Float, "batch_size", _config.KvHeadCount, "past_sequence_length", _config.HeadSize);
        OnnxValue[] outputs = _graph.Nodes(
            $"/{name}/attn/GroupQueryAttention",
            "GroupQueryAttention",
            OnnxDomain.Microsoft,
            [q, k, v, pastKey, pastValue, _last, _total, _cos, _sin],
            [$"/{name}/attn/GroupQueryAttention/output_0", $"present.{layer}.key", $"present.{layer}.value"],
            new OnnxAttribute("num_heads", _config.HeadCount),
            new OnnxAttribute("kv_num_heads", _config.KvHeadCount),
            new OnnxAttribute("scale", (float)(1 / Math.Sqrt(_config.HeadSize))),
            new OnnxAttribute("softcap", 0f),
            new OnnxAttribute("do_rotary", 1),
            new OnnxAttribute("rotary_interleaved", 0));
        foreach (OnnxValue present in outputs[1..])
        {
            _graph.Output(present, DataType.Float, "batch_size", _config.KvHeadCount, "total_sequence_length", _config.HeadSize);
        }

        return outputs[0];
    }

    private OnnxValue HeadNorm(string name, string part, OnnxValue x, int width)
    {
        OnnxValue heads = _graph.Op($"/{name}/attn/{part}/Reshape_1", "Reshape", [x, _graph.Int64s(0, -1, _config.HeadSize)]);
        OnnxValue weight = Norm($"{name}.attn.{part}.layernorm", $"{name}.self_attn.{part}");
        OnnxValue normed = _graph.Op($"/{name}/attn/{part}/SimplifiedLayerNormalization", "SimplifiedLayerNormalization", [heads, weight], NormAttributes());
        return _graph.Op($"/{name}/attn/{part}/Reshape_2", "Reshape", [normed, _graph.Int64s(0, -1, width)]);
    }

    private (OnnxValue Normed, OnnxValue Sum) AddAndNorm(string name, OnnxValue residual, OnnxValue x, string source)
    {
        OnnxValue[] outputs = _graph.Nodes(
            "/" + name,
            "SkipSimplifiedLayerNormalization",
            OnnxDomain.Microsoft,
            [residual, x, Norm(name, source)],
            [$"/{name}/output_0", "", "", $"/{name}/output_3"],
            new OnnxAttribute("epsilon", _config.RmsNormEpsilon));
        return (outputs[0], outputs[3]);
    }

    private OnnxValue Norm(string name, string source) => _weights.Norm(name + ".weight", source + ".weight");

    private OnnxAttribute[] NormAttributes() => [new("epsilon", _config.RmsNormEpsilon), new("axis", -1), new("stash_type", 1)];

    private OnnxValue Product(string name, OnnxValue x, params string[] sources)
    {
        string[] tensors = [.. sources.Select(source => source + ".weight")];
        if (!IsQuantized)
        {
            (OnnxValue weight, _, _) = _weights.Transposed(name, tensors);
            return _graph.Op("/" + name, "MatMul", [x, weight]);
        }

        (OnnxValue codes, OnnxValue scales, int inputs, int outputs) = _weights.Quantized(name, tensors);
        return NBits("/" + name, x, codes, scales, inputs, outputs);
    }

    private OnnxValue NBits(string name, OnnxValue x, OnnxValue codes, OnnxValue scales, int inputs, int outputs) => _graph.Node(
        name,
        "MatMulNBits",
        OnnxDomain.Microsoft,
        [x, codes, scales],
        new OnnxAttribute("accuracy_level", 4),
        new OnnxAttribute("bits", _weights.Bits),
        new OnnxAttribute("block_size", BlockQuantizer.BlockSize),
        new OnnxAttribute("K", inputs),
        new OnnxAttribute("N", outputs));
}
