using SIDReasoner.Export.Decoder;
using SIDReasoner.Export.Onnx;

namespace SIDReasoner.Export.Precision;

/// <summary>What follows a product over several projections' weights laid side by side.</summary>
internal static class LinearParts
{
    /// <summary>Adds the parts' biases where they have any, and takes the product apart: one value a part.</summary>
    public static OnnxValue[] BiasAndSplit(OnnxGraphBuilder graph, ScaledWeights weights, WeightFile file, OnnxValue product, LinearPart[] parts)
    {
        var name = parts[0].Name;
        if (parts[0].HasBias)
        {
            float[] Bias() => [.. parts.SelectMany(part => weights.Vector(part.Bias))];
            var outputs = parts.Sum(part => weights.Shape(part.Bias)[0]);
            product = graph.Op(name + ".biased", "Add", [product, file.AddFloats(graph, parts[0].Bias, [outputs], Bias)]);
        }

        if (parts.Length == 1)
            return [product];
        var sizes = graph.Int64s([.. parts.Select(part => weights.Shape(part.Weight)[0])]);
        return graph.Nodes(name + ".split", "Split", OnnxDomain.Standard, [product, sizes], [.. parts.Select(part => part.Name + ".part")], new OnnxAttribute("axis", -1));
    }
}
