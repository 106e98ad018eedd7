using SIDReasoner.Export.Onnx;

namespace SIDReasoner.Export.Decoder;

/// <summary>float32 products over the checkpoint's own bytes.</summary>
internal sealed class Float32LinearWriter(OnnxGraphBuilder graph, CheckpointWeights weights) : ILinearWriter
{
    private const int AttentionParts = 3;

    /// <inheritdoc/>
    public OnnxValue[] Linears(OnnxValue x, bool mayBeEmpty, params LinearPart[] parts)
    {
        var products = new Dictionary<string, OnnxValue>();
        foreach (var names in Groups([.. parts.Select(part => part.Weight)]))
            Multiply(x, names, products);
        return [.. parts.Select(part =>
            part.HasBias ? graph.Op(part.Name + ".biased", "Add", [products[part.Weight], weights.Tensor(part.Bias)]) : products[part.Weight])];
    }

    /// <inheritdoc/>
    public OnnxValue TextHead(string name, OnnxValue x, OnnxValue rows, string weightName) => graph.RowProduct(name, x, weights.Tensor(weightName));

    /// <summary>Gate and up keep threads busy each on its own; a Split behind both would cost more than one product saves.</summary>
    private List<List<string>> Groups(string[] names) => names.Length < AttentionParts ? [.. names.Select(name => new List<string> { name })] : weights.Groups(names);

    /// <summary>One product over matrices laid under each other, taken apart: fewer and larger products keep threads busier.</summary>
    private void Multiply(OnnxValue x, IReadOnlyList<string> names, Dictionary<string, OnnxValue> products)
    {
        var label = string.Join("_and_", names.Select(name => name[..^".weight".Length]).Select((name, i) => i == 0 ? name : name[(name.LastIndexOf('.') + 1)..]));
        var product = graph.RowProduct(label, x, weights.Stacked(names));
        var parts = names.Count == 1
            ? [product]
            : graph.Nodes(
                label + ".split",
                "Split",
                OnnxDomain.Standard,
                [product, graph.Int64s([.. names.Select(weights.RowCount)])],
                [.. names.Select(name => name[..^".weight".Length])],
                new OnnxAttribute("axis", -1));
        foreach (var (name, part) in names.Zip(parts))
            products.Add(name, part);
    }
}
