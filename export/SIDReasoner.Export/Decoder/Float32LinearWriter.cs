using SIDReasoner.Export.Onnx;

namespace SIDReasoner.Export.Decoder;

/// <summary>float32 products over the checkpoint's own bytes.</summary>
internal sealed class Float32LinearWriter(OnnxGraphBuilder graph, CheckpointWeights weights) : ILinearWriter
{
    /// <inheritdoc/>
    public OnnxValue[] Linears(OnnxValue x, bool mayBeEmpty, params LinearPart[] parts) => [.. parts.Select(part =>
    {
        var product = graph.RowProduct(part.Name, x, weights.Tensor(part.Weight));
        return part.HasBias ? graph.Op(part.Name + ".biased", "Add", [product, weights.Tensor(part.Bias)]) : product;
    })];

    /// <inheritdoc/>
    public OnnxValue TextHead(string name, OnnxValue x, string weightName) => graph.RowProduct(name, x, weights.Tensor(weightName));
}
