using SIDReasoner.Export.Onnx;

namespace SIDReasoner.Export.Decoder;

/// <summary>down(silu(gate(x)) * up(x)), silu as Sigmoid and Mul.</summary>
internal static class SwiGluMlp
{
    public static OnnxValue Write(DecoderScope scope, string name, OnnxValue x)
    {
        var gate = Linear(scope, name, "gate_proj", x);
        var up = Linear(scope, name, "up_proj", x);
        var sigmoid = scope.Graph.Op(name + ".sigmoid", "Sigmoid", [gate]);
        var silu = scope.Graph.Op(name + ".silu", "Mul", [gate, sigmoid]);
        return Linear(scope, name, "down_proj", scope.Graph.Op(name + ".gated", "Mul", [silu, up]));
    }

    private static OnnxValue Linear(DecoderScope scope, string name, string part, OnnxValue x)
    {
        var weight = $"{name}.{part}";
        return scope.Linears.Linear(weight, x, weight + ".weight", scope.Config.HasMlpBias ? weight + ".bias" : null);
    }
}
