using Onnx;
using SIDReasoner.Export.Decoder;
using SIDReasoner.Export.Onnx;

namespace SIDReasoner.Export.Precision;

/// <summary>8-bit products: weights with one scale an output, inputs with one scale a row, so that no row depends on another.</summary>
/// <remarks>
/// m = max |row|; codes = round(127 x / m) + 128 as u8; MatMulIntegerToFloat with s8 weights [in, out]; times m. A row of zeros gives 0: 0 / 0
/// becomes some code, every product of codes is finite, and m is 0. ReduceMax gives no rows a wrong shape, which Reshape puts right.
/// Each distinct input is quantised once, and projections that share it (q, k, v; gate, up) are one product over weights laid side by side.
/// Only u8 times s8 has a fast kernel, and only with VNNI or AMX; without, sums of two products may saturate.
/// </remarks>
internal sealed class Int8LinearWriter(OnnxGraphBuilder graph, ScaledWeights weights, WeightFile file) : ILinearWriter
{
    /// <inheritdoc/>
    public OnnxValue[] Linears(OnnxValue x, bool mayBeEmpty, params LinearPart[] parts)
    {
        var name = parts[0].Name;
        var product = Product(name, x, mayBeEmpty, [.. parts.Select(part => part.Weight)]);
        return LinearParts.BiasAndSplit(graph, weights, file, product, parts);
    }

    /// <inheritdoc/>
    public OnnxValue TextHead(string name, OnnxValue x, string weightName) => Product(name, x, mayBeEmpty: true, [weightName]);

    private OnnxValue Product(string name, OnnxValue x, bool mayBeEmpty, string[] weightNames)
    {
        var (codes, scales) = Int8Rows.Quantize(weights, weightNames);
        long[] shape = [weights.Shape(weightNames[0])[1], scales.Length];
        var matrix = file.Add<sbyte>(graph, name + ".int8", TensorProto.Types.DataType.Int8, shape, codes);
        var scale = file.Add<float>(graph, name + ".scale", TensorProto.Types.DataType.Float, [scales.Length], scales);

        var magnitude = graph.Op(name + ".abs", "Abs", [x]);
        var most = graph.Op(name + ".row_max", "ReduceMax", [magnitude, graph.Int64s(-1)], new OnnxAttribute("keepdims", 1));
        if (mayBeEmpty)
            most = graph.Op(name + ".row_column", "Reshape", [most, graph.Int64s(0, 0, 1)]);
        var step = graph.Float(1f / Int8Rows.Most);
        var zero = graph.Byte(128);
        var quantized = graph.Op(name + ".input", "QuantizeLinear", [graph.Op(name + ".unit", "Div", [x, most]), step, zero]);
        var unit = graph.Node(name + ".product", "MatMulIntegerToFloat", OnnxDomain.Microsoft, [quantized, matrix, step, scale, zero]);
        return graph.Op(name, "Mul", [unit, most]);
    }
}
