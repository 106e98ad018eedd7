using SIDReasoner.Export.Onnx;

namespace SIDReasoner.Export.Decoder;

/// <summary>Products in their plain form.</summary>
internal static class LinearWriterExtensions
{
    /// <summary>x times one weight.</summary>
    public static OnnxValue Linear(this ILinearWriter linears, string name, OnnxValue x, bool mayBeEmpty, bool hasBias) =>
        linears.Linears(x, mayBeEmpty, new LinearPart(name, hasBias))[0];

    /// <summary>x [.., in] times float32 rows [out, in]: FusedMatMul takes Hugging Face's layout as it lies.</summary>
    public static OnnxValue RowProduct(this OnnxGraphBuilder graph, string name, OnnxValue x, OnnxValue rows) =>
        graph.Node(name, "FusedMatMul", OnnxDomain.Microsoft, [x, rows], new OnnxAttribute("transB", 1), new OnnxAttribute("alpha", 1f));
}
