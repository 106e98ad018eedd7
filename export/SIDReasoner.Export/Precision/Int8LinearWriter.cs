using Onnx;
using SIDReasoner.Export.Decoder;
using SIDReasoner.Export.Onnx;

namespace SIDReasoner.Export.Precision;

/// <summary>8-bit products: weights with one scale an output, inputs with one scale a row or one for all, so that no row depends on another.</summary>
/// <remarks>
/// m = max |row|; codes = round(127 x / m) + 128 as u8; MatMulIntegerToFloat with s8 weights [in, out]; times m. A row of zeros gives 0: 0 / 0
/// becomes some code, every product of codes is finite, and m is 0. ReduceMax gives no rows a wrong shape, which Reshape puts right.
/// Behind a rotated norm m is the same for every row and part of the outputs' scales (<see cref="ResidualRotation.BoundedReaders"/>).
/// Each distinct input is quantised once, and projections that share it (q, k, v; gate, up) are one product over weights laid side by side.
/// Only u8 times s8 has a fast kernel, and only with VNNI; without, sums of two products may saturate.
/// The kernel copies the outputs' scales one by one, on one thread, at each run. Wide products therefore multiply by 1, and a node of its own by the scales.
/// </remarks>
internal sealed class Int8LinearWriter(OnnxGraphBuilder graph, ScaledWeights weights, WeightFile file) : ILinearWriter
{
    private const float Step = 1f / Int8Rows.Most;
    private const byte Zero = 128;

    /// <summary>Codes reach so many root mean squares of a bounded input; of a normal distribution 5 values in 10,000 lie beyond, and take the last code.</summary>
    private const float BoundedRange = 3.5f;

    /// <summary>From so many outputs on the kernel takes longer to copy their scales than a node takes to multiply one row by them.</summary>
    private const int WideOutputs = 2048;

    /// <inheritdoc/>
    public OnnxValue[] Linears(OnnxValue x, bool mayBeEmpty, params LinearPart[] parts)
    {
        var name = parts[0].Name;
        string[] weightNames = [.. parts.Select(part => part.Weight)];
        var isBounded = weights.Rotation is { } rotation && weightNames.All(rotation.BoundedReaders.Contains);
        var (matrix, scale) = Rows(name, weightNames, isBounded ? BoundedRange : 1);
        var rotated = Rotated(name, x, weightNames[0]);
        var (codes, most) = isBounded ? (Rounded(name, rotated, Step * BoundedRange), OnnxValue.None) : Codes(name, rotated, mayBeEmpty);
        var product = parts.Sum(part => weights.Shape(part.Weight)[0]) < WideOutputs
            ? Product(name, codes, matrix, scale)
            : graph.Op(name + ".scaled", "Mul", [Product(name, codes, matrix, graph.Float(1)), scale]);
        if (!isBounded)
            product = graph.Op(name, "Mul", [product, most]);
        return LinearParts.BiasAndSplit(graph, weights, file, product, parts);
    }

    /// <inheritdoc/>
    /// <remarks>
    /// Over a whole vocabulary one row is multiplied by 1, then by the scales, and many rows by the scales at once, which spares a pass over
    /// rows times V logits. Both give the same bits.
    /// </remarks>
    public OnnxValue TextHead(string name, OnnxValue x, OnnxValue rows, string weightName)
    {
        var (matrix, scale) = Rows(name, [weightName], range: 1);
        var (codes, most) = Codes(name, x, mayBeEmpty: true);
        var isOne = graph.Op(name + ".is_one", "Equal", [rows, graph.Int64s(1)]);
        var factor = graph.If(name + ".factor", isOne, () => Copy(name + ".factor_one", graph.Float(1)), () => Copy(name + ".factor_scale", scale));
        var unit = Product(name, codes, matrix, factor);
        return graph.If(
            name,
            isOne,
            () => graph.Op(name + ".one", "Mul", [graph.Op(name + ".scaled", "Mul", [unit, scale]), most]),
            () => graph.Op(name + ".many", "Mul", [unit, most]));

        OnnxValue Copy(string copy, OnnxValue value) => graph.Op(copy, "Identity", [value]);
    }

    /// <summary>Codes [in, outs] of weights side by side, and float32 [outs]: what one step of both factors is worth.</summary>
    private (OnnxValue Matrix, OnnxValue Scale) Rows(string name, string[] weightNames, float range)
    {
        var (codes, scales) = Int8Rows.Quantize(weights, weightNames);
        for (var n = 0; n < scales.Length; n++)
            scales[n] *= Step * range;
        long[] shape = [weights.Shape(weightNames[0])[1], scales.Length];
        return (file.Add<sbyte>(graph, name + ".int8", TensorProto.Types.DataType.Int8, shape, codes), file.Add<float>(graph, name + ".scale", TensorProto.Types.DataType.Float, [scales.Length], scales));
    }

    /// <summary>The inputs' codes, and the largest magnitude of each row.</summary>
    private (OnnxValue Codes, OnnxValue Most) Codes(string name, OnnxValue x, bool mayBeEmpty)
    {
        var magnitude = graph.Op(name + ".abs", "Abs", [x]);
        var most = graph.Op(name + ".row_max", "ReduceMax", [magnitude, graph.Int64s(-1)], new OnnxAttribute("keepdims", 1));
        if (mayBeEmpty)
            most = graph.Op(name + ".row_column", "Reshape", [most, graph.Int64s(0, 0, 1)]);
        return (Rounded(name, graph.Op(name + ".unit", "Div", [x, most]), Step), most);
    }

    private OnnxValue Rounded(string name, OnnxValue x, float step) => graph.Op(name + ".input", "QuantizeLinear", [x, graph.Float(step), graph.Byte(Zero)]);

    /// <summary>Inputs times the matrix that their readers' weights were multiplied by, block by block.</summary>
    private OnnxValue Rotated(string name, OnnxValue x, string weightName)
    {
        if (weights.InputRotation(weightName) is not { } rotation)
            return x;
        var (width, size) = (weights.Shape(weightName)[1], rotation.Size);
        var matrix = file.AddFloats(graph, "input_rotation", [size, size], rotation.Matrix);
        var blocks = graph.Op(name + ".blocks", "Reshape", [x, graph.Int64s(0, 0, width / size, size)]);
        return graph.Op(name + ".rotated", "Reshape", [graph.Op(name + ".rotated_blocks", "MatMul", [blocks, matrix]), graph.Int64s(0, 0, width)]);
    }

    private OnnxValue Product(string name, OnnxValue codes, OnnxValue matrix, OnnxValue scale) =>
        graph.Node(name + ".product", "MatMulIntegerToFloat", OnnxDomain.Microsoft, [codes, matrix, graph.Float(1), scale, graph.Byte(Zero)]);
}
