using SIDReasoner.Core;
using SIDReasoner.Export.Onnx;

namespace SIDReasoner.Export.Decoder;

/// <summary>The precisions that can be written.</summary>
internal static class LinearWriters
{
    /// <summary>Their names.</summary>
    public static IReadOnlyList<string> Names => ["fp32"];

    /// <summary>The writer of a precision.</summary>
    /// <exception cref="SidReasonerException">The name is not known.</exception>
    public static ILinearWriter Create(string precision, OnnxGraphBuilder graph, ModelWeights weights) => precision switch
    {
        "fp32" => new Float32LinearWriter(graph, weights),
        _ => throw new SidReasonerException($"--precision '{precision}' is not known; expected '{string.Join("', '", Names)}'."),
    };
}
