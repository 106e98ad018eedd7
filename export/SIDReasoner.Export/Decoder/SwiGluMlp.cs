using SIDReasoner.Export.Onnx;

namespace SIDReasoner.Export.Decoder;

/// <summary>down(silu(gate(x)) * up(x)), silu as Sigmoid and Mul.</summary>
internal static class SwiGluMlp
{
    public static OnnxValue Write(DecoderScope scope, string name, OnnxValue x, bool mayBeEmpty)
    {
        var hasBias = scope.Config.HasMlpBias;
        var inner = scope.Linears.Linears(x, mayBeEmpty, new LinearPart(name + ".gate_proj", hasBias), new LinearPart(name + ".up_proj", hasBias));
        var sigmoid = scope.Graph.Op(name + ".sigmoid", "Sigmoid", [inner[0]]);
        var silu = scope.Graph.Op(name + ".silu", "Mul", [inner[0], sigmoid]);
        return scope.Linears.Linear(name + ".down_proj", scope.Graph.Op(name + ".gated", "Mul", [silu, inner[1]]), mayBeEmpty, hasBias);
    }
}
