using SIDReasoner.Export.Adapters;
using SIDReasoner.Export.Onnx;

namespace SIDReasoner.Export.Decoder;

/// <summary>Adds a product of low rank to the layers that some adapter changes. Its two matrices are inputs whose default has rank 0, so without an adapter it adds 0.</summary>
internal sealed class LoraLinearWriter(ILinearWriter inner, OnnxGraphBuilder graph, IReadOnlyDictionary<string, LoraLayer> adapted) : ILinearWriter
{
    /// <inheritdoc/>
    public OnnxValue[] Linears(OnnxValue x, bool mayBeEmpty, params LinearPart[] parts)
    {
        var products = inner.Linears(x, mayBeEmpty, parts);
        return [.. parts.Zip(products, (part, product) => adapted.TryGetValue(part.Name, out var layer) ? Adapted(part.Name, layer, x, product) : product)];
    }

    /// <inheritdoc/>
    public OnnxValue TextHead(string name, OnnxValue x, OnnxValue rows, string weightName) => inner.TextHead(name, x, rows, weightName);

    private OnnxValue Adapted(string name, LoraLayer layer, OnnxValue x, OnnxValue product)
    {
        var rank = name + ".rank";
        var a = graph.Overridable(LoraLayer.InputA(name), StepInputs.Real, rank, layer.Inputs);
        var b = graph.Overridable(LoraLayer.InputB(name), StepInputs.Real, layer.Outputs, rank);
        var down = graph.RowProduct(name + ".lora_down", x, a);
        return graph.Op(name + ".adapted", "Add", [product, graph.RowProduct(name + ".lora_up", down, b)]);
    }
}
