using SIDReasoner.Export.Adapters;
using SIDReasoner.Export.Onnx;

namespace SIDReasoner.Export.Decoder;

/// <summary>Adds a product of low rank to the layers that some adapter changes. Its two matrices are inputs whose default has rank 0, so without an adapter it adds 0.</summary>
internal sealed class LoraLinearWriter(ILinearWriter inner, OnnxGraphBuilder graph, IReadOnlyDictionary<string, LoraLayer> adapted) : ILinearWriter
{
    /// <inheritdoc/>
    public string Precision => inner.Precision;

    /// <inheritdoc/>
    public string ModelFile => inner.ModelFile;

    /// <inheritdoc/>
    public OnnxValue Linear(string name, OnnxValue x, string weightName, string? biasName = null)
    {
        var product = inner.Linear(name, x, weightName, biasName);
        if (!adapted.TryGetValue(name, out var layer))
            return product;
        var rank = name + ".rank";
        var a = graph.Overridable(LoraLayer.InputA(name), StepInputs.Real, rank, layer.Inputs);
        var b = graph.Overridable(LoraLayer.InputB(name), StepInputs.Real, layer.Outputs, rank);
        var down = Product(name + ".lora_down", x, a);
        return graph.Op(name + ".adapted", "Add", [product, Product(name + ".lora_up", down, b)]);
    }

    /// <inheritdoc/>
    public OnnxValue Head(string name, OnnxValue x, OnnxValue rows) => inner.Head(name, x, rows);

    private OnnxValue Product(string name, OnnxValue x, OnnxValue rows) =>
        graph.Node(name, "FusedMatMul", OnnxDomain.Microsoft, [x, rows], new OnnxAttribute("transB", 1), new OnnxAttribute("alpha", 1f));
}
