using Onnx;
using SIDReasoner.Export.Decoder;
using SIDReasoner.Export.Onnx;

namespace SIDReasoner.Export.Precision;

/// <summary>4-bit products in blocks of 32 (MatMulNBits), the text head included; inputs are rounded to 8 bits a block by the kernel, row by row.</summary>
/// <remarks>Accuracy level 4 throughout: levels 0 and 1 unpack to float32 and are up to twenty times slower. Projections that share an input are one product.</remarks>
internal sealed class Int4LinearWriter(OnnxGraphBuilder graph, ScaledWeights weights, WeightFile file) : ILinearWriter
{
    private const int AccuracyLevel = 4;

    /// <inheritdoc/>
    public OnnxValue[] Linears(OnnxValue x, bool mayBeEmpty, params LinearPart[] parts)
    {
        var name = parts[0].Name;
        var product = Product(name, x, [.. parts.Select(part => part.Weight)]);
        return LinearParts.BiasAndSplit(graph, weights, file, product, parts);
    }

    /// <inheritdoc/>
    public OnnxValue TextHead(string name, OnnxValue x, OnnxValue rows, string weightName) => Product(name, x, [weightName]);

    private OnnxValue Product(string name, OnnxValue x, string[] weightNames)
    {
        var codes = BlockQuantizer.Quantize(weights, weightNames);
        OnnxValue[] inputs =
        [
            x,
            file.Add<byte>(graph, name + ".int4", TensorProto.Types.DataType.Uint8, [codes.Outputs, codes.Blocks, BlockQuantizer.BlockBytes], codes.Codes),
            file.Add<float>(graph, name + ".scales", TensorProto.Types.DataType.Float, [codes.Outputs, codes.Blocks], codes.Scales),
            file.Add<byte>(graph, name + ".zero_points", TensorProto.Types.DataType.Uint8, [codes.Outputs, (codes.Blocks + 1) / 2], codes.ZeroPoints),
        ];
        return graph.Node(
            name,
            "MatMulNBits",
            OnnxDomain.Microsoft,
            inputs,
            new OnnxAttribute("K", codes.Inputs),
            new OnnxAttribute("N", codes.Outputs),
            new OnnxAttribute("bits", BlockQuantizer.Bits),
            new OnnxAttribute("block_size", BlockQuantizer.BlockSize),
            new OnnxAttribute("accuracy_level", AccuracyLevel));
    }
}
