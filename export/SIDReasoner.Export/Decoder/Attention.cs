using SIDReasoner.Core.Configuration;
using SIDReasoner.Export.Onnx;

namespace SIDReasoner.Export.Decoder;

/// <summary>Grouped-query attention over the cache, one operator: rotary embedding, append to the cache, causal attention with the packed beams' bias.</summary>
/// <remarks>
/// Queries, keys and values go in as one value where one product made them and nothing stands between, as in Llama.
/// Heads whose size is no multiple of 16 are rotated by a RotaryEmbedding node before the operator, which cannot do it for them.
/// </remarks>
internal static class Attention
{
    /// <summary>Writes layer <paramref name="layer"/>'s attention up to, not including, the output projection: [B, S, heads * D].</summary>
    public static OnnxValue Write(DecoderScope scope, int layer, OnnxValue x, StepInputs step)
    {
        var config = scope.Config;
        var name = $"model.layers.{layer}.self_attn";
        var projected = scope.Linears.Linears(x, mayBeEmpty: false, Part(config, name, "q"), Part(config, name, "k"), Part(config, name, "v"));
        var q = Normed(scope, name, "q", projected[0], config.HeadCount);
        var k = Normed(scope, name, "k", projected[1], config.KvHeadCount);
        var v = projected[2];

        var rotatesInside = RotaryEmbedding.FitsAttention(config);
        if (!rotatesInside)
        {
            q = RotaryEmbedding.Write(scope, name + ".q_rotated", q, step);
            k = RotaryEmbedding.Write(scope, name + ".k_rotated", k, step);
        }

        else if (scope.Graph.Unsplit(q, k, v) is { } packed)
        {
            (q, k, v) = (packed, OnnxValue.None, OnnxValue.None);
        }

        var (past, present) = (KvNames.Past(layer), KvNames.Present(layer));
        var pastKey = scope.Graph.Input(past.Key, StepInputs.Real, "batch", config.KvHeadCount, "past_length", config.HeadSize);
        var pastValue = scope.Graph.Input(past.Value, StepInputs.Real, "batch", config.KvHeadCount, "past_length", config.HeadSize);
        OnnxValue[] rotary = rotatesInside
            ? [step.Cos, step.Sin, step.PositionIds]
            : [OnnxValue.None, OnnxValue.None, OnnxValue.None];
        var outputs = scope.Graph.Nodes(
            name + ".attention",
            "GroupQueryAttention",
            OnnxDomain.Microsoft,
            [q, k, v, pastKey, pastValue, step.LastIndexes, step.TotalLength, .. rotary, step.AttentionBias],
            [name + ".attention", present.Key, present.Value],
            new OnnxAttribute("num_heads", config.HeadCount),
            new OnnxAttribute("kv_num_heads", config.KvHeadCount),
            new OnnxAttribute("scale", (float)(1 / Math.Sqrt(config.HeadSize))),
            new OnnxAttribute("do_rotary", rotatesInside ? 1 : 0),
            new OnnxAttribute("rotary_interleaved", 0),
            new OnnxAttribute("local_window_size", -1),
            new OnnxAttribute("softcap", 0f));
        scope.Graph.Output(outputs[1], StepInputs.Real, "batch", config.KvHeadCount, "present_length", config.HeadSize);
        scope.Graph.Output(outputs[2], StepInputs.Real, "batch", config.KvHeadCount, "present_length", config.HeadSize);
        return outputs[0];
    }

    /// <summary>The output projection of layer <paramref name="layer"/>.</summary>
    public static OnnxValue WriteOutput(DecoderScope scope, int layer, OnnxValue x, bool mayBeEmpty) =>
        scope.Linears.Linear($"model.layers.{layer}.self_attn.o_proj", x, mayBeEmpty, scope.Config.HasOutputBias);

    private static LinearPart Part(ModelConfig config, string name, string part) => new($"{name}.{part}_proj", config.HasQkvBias);

    private static OnnxValue Normed(DecoderScope scope, string name, string part, OnnxValue projected, int heads) =>
        scope.Config.HasQkNorm
            ? RmsNorm.WritePerHead(scope, $"{name}.{part}_norm", projected, heads, $"{name}.{part}_norm.weight")
            : projected;
}
