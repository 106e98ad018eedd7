using SIDReasoner.Core.Configuration;
using SIDReasoner.Train.Native;
using static TorchSharp.torch;

namespace SIDReasoner.Train.Model;

/// <summary>Grouped-query attention with rotary positions; q/k norms (Qwen3) and biases (Qwen2) by the config's switches.</summary>
internal sealed class Attention
{
    private readonly int _layer;
    private readonly ModelConfig _config;
    private readonly Projection _query;
    private readonly Projection _key;
    private readonly Projection _value;
    private readonly Projection _output;
    private readonly RmsNorm? _queryNorm;
    private readonly RmsNorm? _keyNorm;

    /// <summary>Finds the block's parameters.</summary>
    public Attention(ModelConfig config, ParameterSet parameters, int layer)
    {
        string prefix = $"model.layers.{layer}.self_attn.";
        _layer = layer;
        _config = config;
        _query = Projection.From(parameters, prefix + "q_proj");
        _key = Projection.From(parameters, prefix + "k_proj");
        _value = Projection.From(parameters, prefix + "v_proj");
        _output = Projection.From(parameters, prefix + "o_proj");
        if (config.HasQkNorm)
        {
            _queryNorm = new RmsNorm(parameters[prefix + "q_norm.weight"], config.RmsNormEpsilon);
            _keyNorm = new RmsNorm(parameters[prefix + "k_norm.weight"], config.RmsNormEpsilon);
        }
    }

    /// <summary>Maps [B, T, hidden] to [B, T, hidden].</summary>
    public Tensor Forward(Tensor input, ForwardPass pass)
    {
        using var scope = NewDisposeScope();
        Tensor query = Heads(_query.Forward(input), _config.HeadCount, _queryNorm);
        Tensor key = Heads(_key.Forward(input), _config.KvHeadCount, _keyNorm);
        Tensor value = Heads(_value.Forward(input), _config.KvHeadCount, norm: null);
        query = RotaryEmbedding.Apply(query, pass.Cosines, pass.Sines);
        key = RotaryEmbedding.Apply(key, pass.Cosines, pass.Sines);
        if (pass.Cache is not null)
        {
            (key, value) = pass.Cache.Append(_layer, key, value);
        }

        Tensor mixed = TorchDispatcher.Attention(query, key, value, pass.Mask, pass.IsCausal);
        return _output.Forward(mixed.transpose(1, 2).flatten(2)).MoveToOuterDisposeScope();
    }

    // [B, T, heads * D] -> [B, heads, T, D]
    private Tensor Heads(Tensor projected, int heads, RmsNorm? norm)
    {
        Tensor split = projected.view(projected.shape[0], projected.shape[1], heads, _config.HeadSize);
        return (norm is null ? split : norm.Forward(split)).transpose(1, 2);
    }
}
