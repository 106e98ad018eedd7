using SIDReasoner.Core.Configuration;

namespace SIDReasoner.Core.Checkpoints;

/// <summary>The tensors that a configuration asks for, and the comparison with those that are there.</summary>
public static class WeightLayout
{
    /// <summary>Every tensor of a decoder in the order of the forward pass: name and shape, [out, in] for projections.</summary>
    /// <remarks>Linear weights are [outputs, inputs], row-major, as torch.nn.Linear stores them. <c>lm_head.weight</c> is absent where the embeddings are tied.</remarks>
    public static IEnumerable<(string Name, IReadOnlyList<long> Shape)> Tensors(ModelConfig config)
    {
        long hidden = config.HiddenSize, mlp = config.IntermediateSize, vocab = config.VocabSize;
        var queries = (long)config.HeadCount * config.HeadSize;
        var keys = (long)config.KvHeadCount * config.HeadSize;
        yield return ("model.embed_tokens.weight", [vocab, hidden]);
        for (var layer = 0; layer < config.LayerCount; layer++)
        {
            var prefix = $"model.layers.{layer}.";
            yield return (prefix + "input_layernorm.weight", [hidden]);
            foreach (var (name, outputs) in new[] { ("q", queries), ("k", keys), ("v", keys) })
            {
                yield return ($"{prefix}self_attn.{name}_proj.weight", [outputs, hidden]);
                if (config.HasQkvBias)
                    yield return ($"{prefix}self_attn.{name}_proj.bias", [outputs]);
            }

            if (config.HasQkNorm)
            {
                yield return (prefix + "self_attn.q_norm.weight", [config.HeadSize]);
                yield return (prefix + "self_attn.k_norm.weight", [config.HeadSize]);
            }

            yield return (prefix + "self_attn.o_proj.weight", [hidden, queries]);
            if (config.HasOutputBias)
                yield return (prefix + "self_attn.o_proj.bias", [hidden]);
            yield return (prefix + "post_attention_layernorm.weight", [hidden]);
            foreach (var (name, outputs, inputs) in new[] { ("gate", mlp, hidden), ("up", mlp, hidden), ("down", hidden, mlp) })
            {
                yield return ($"{prefix}mlp.{name}_proj.weight", [outputs, inputs]);
                if (config.HasMlpBias)
                    yield return ($"{prefix}mlp.{name}_proj.bias", [outputs]);
            }
        }

        yield return ("model.norm.weight", [hidden]);
        if (!config.TiesEmbeddings)
            yield return ("lm_head.weight", [vocab, hidden]);
    }

    /// <summary>Every disagreement between a configuration and the tensors of a folder; empty where they agree.</summary>
    internal static List<string> Compare(ModelConfig config, IReadOnlyDictionary<string, TensorInfo> tensors)
    {
        var problems = new List<string>();
        var known = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (name, shape) in Tensors(config))
        {
            known.Add(name);
            if (!tensors.TryGetValue(name, out var tensor))
                problems.Add($"tensor '{name}' [{string.Join(", ", shape)}] is missing, which config.json asks for.");
            else
                CheckTensor(tensor, shape, problems);
        }

        foreach (var tensor in tensors.Values.Where(tensor => !known.Contains(tensor.Name)).OrderBy(tensor => tensor.Name, StringComparer.Ordinal))
        {
            // A redundant head beside tied embeddings is common, and old Llama folders carry the rotary frequencies, which follow from config.json.
            if (tensor.Name == "lm_head.weight")
                CheckTensor(tensor, [config.VocabSize, config.HiddenSize], problems);
            else if (!tensor.Name.EndsWith(".rotary_emb.inv_freq", StringComparison.Ordinal))
                problems.Add($"tensor '{tensor.Name}' [{string.Join(", ", tensor.Shape)}] is none that config.json asks for ({config.Architecture}, {config.LayerCount} layers).");
        }

        return problems;
    }

    private static void CheckTensor(TensorInfo tensor, IReadOnlyList<long> shape, List<string> problems)
    {
        if (!tensor.Shape.SequenceEqual(shape))
            problems.Add($"tensor '{tensor.Name}' is [{string.Join(", ", tensor.Shape)}]; config.json asks for [{string.Join(", ", shape)}].");
        if (tensor.DType is not (TensorDType.F32 or TensorDType.F16 or TensorDType.BF16))
            problems.Add($"tensor '{tensor.Name}' is {tensor.DType.FileName()}; expected F32, F16 or BF16.");
    }
}
