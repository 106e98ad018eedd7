using SIDReasoner.Export.Onnx;

namespace SIDReasoner.Export.Decoder;

/// <summary>float32 products over the checkpoint's own bytes: FusedMatMul takes Hugging Face's [out, in] as it lies.</summary>
internal sealed class Float32LinearWriter(OnnxGraphBuilder graph, ModelWeights weights) : ILinearWriter
{
    /// <inheritdoc/>
    public string Precision => "fp32";

    /// <inheritdoc/>
    public string ModelFile => "model.onnx";

    /// <inheritdoc/>
    public OnnxValue Linear(string name, OnnxValue x, string weightName, string? biasName = null)
    {
        var product = Head(name, x, weights.Tensor(weightName));
        return biasName is null ? product : graph.Op(name + ".biased", "Add", [product, weights.Tensor(biasName)]);
    }

    /// <inheritdoc/>
    public OnnxValue Head(string name, OnnxValue x, OnnxValue rows) =>
        graph.Node(name, "FusedMatMul", OnnxDomain.Microsoft, [x, rows], new OnnxAttribute("transB", 1), new OnnxAttribute("alpha", 1f));
}
