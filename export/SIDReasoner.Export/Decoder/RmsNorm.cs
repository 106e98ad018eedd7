using SIDReasoner.Export.Onnx;

namespace SIDReasoner.Export.Decoder;

/// <summary>Root mean square norm, alone or fused with the residual sum before it.</summary>
internal static class RmsNorm
{
    /// <summary>x / rms(x) * weight over the last axis.</summary>
    public static OnnxValue Write(DecoderScope scope, string name, OnnxValue x, string weightName) =>
        scope.Graph.Op(
            name,
            "SimplifiedLayerNormalization",
            [x, scope.Weights.Norm(weightName)],
            new OnnxAttribute("epsilon", scope.Config.RmsNormEpsilon),
            new OnnxAttribute("axis", -1),
            new OnnxAttribute("stash_type", 1));

    /// <summary>The norm of <paramref name="residual"/> + <paramref name="x"/>, and that sum.</summary>
    public static (OnnxValue Normed, OnnxValue Sum) WriteAfterAdd(DecoderScope scope, string name, OnnxValue residual, OnnxValue x, string weightName)
    {
        var outputs = scope.Graph.Nodes(
            name,
            "SkipSimplifiedLayerNormalization",
            OnnxDomain.Microsoft,
            [residual, x, scope.Weights.Norm(weightName)],
            [name, "", "", name + ".sum"],
            new OnnxAttribute("epsilon", scope.Config.RmsNormEpsilon));
        return (outputs[0], outputs[3]);
    }

    /// <summary>The norm over each head's own width (Qwen3's q and k norms): [B, S, heads * D] viewed as [B, S, heads, D].</summary>
    public static OnnxValue WritePerHead(DecoderScope scope, string name, OnnxValue x, int heads, string weightName)
    {
        var split = scope.Graph.Op(name + ".split", "Reshape", [x, scope.Graph.Int64s(0, 0, heads, scope.Config.HeadSize)]);
        var normed = Write(scope, name, split, weightName);
        return scope.Graph.Op(name + ".joined", "Reshape", [normed, scope.Graph.Int64s(0, 0, (long)heads * scope.Config.HeadSize)]);
    }
}
