using SIDReasoner.Export.Decoder;
using SIDReasoner.Export.Onnx;

namespace SIDReasoner.Export.Precision.Calibration;

/// <summary>Writes products as another writer does, and makes the largest magnitude of each input channel an output: float32 [in], named after the first projection that reads it.</summary>
internal sealed class TapLinearWriter(ILinearWriter inner, OnnxGraphBuilder graph) : ILinearWriter
{
    /// <summary>What follows the projection's name in the output's.</summary>
    public const string Suffix = ".input_magnitude";

    /// <inheritdoc/>
    public OnnxValue[] Linears(OnnxValue x, bool mayBeEmpty, params LinearPart[] parts)
    {
        Tap(parts[0].Weight, x);
        return inner.Linears(x, mayBeEmpty, parts);
    }

    /// <inheritdoc/>
    public OnnxValue TextHead(string name, OnnxValue x, OnnxValue rows, string weightName)
    {
        Tap(weightName, x);
        return inner.TextHead(name, x, rows, weightName);
    }

    private void Tap(string weightName, OnnxValue x)
    {
        var magnitude = graph.Op(weightName + ".magnitude", "Abs", [x]);
        var most = graph.Op(weightName + Suffix, "ReduceMax", [magnitude, graph.Int64s(0, 1)], new OnnxAttribute("keepdims", 0));
        graph.Output(most, StepInputs.Real, "channels");
    }
}
