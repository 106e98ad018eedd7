using SIDReasoner.Export.Decoder;
using SIDReasoner.Export.Onnx;

namespace SIDReasoner.Export.Precision;

/// <summary>What stays real beside quantised products: norms and the SID head's rows in float32 in the precision's own file, embeddings in the checkpoint's, as they are stored, then rotated where the rest is.</summary>
internal sealed class QuantizedWeights(OnnxGraphBuilder graph, CheckpointWeights stored, ScaledWeights weights, WeightFile file) : IDecoderWeights
{
    /// <inheritdoc/>
    public OnnxValue Norm(string name) => file.AddFloats(graph, name, weights.Shape(name), () => weights.Vector(name));

    /// <inheritdoc/>
    public OnnxValue Embed(string label, string name, OnnxValue ids)
    {
        var rows = stored.EmbedStored(label, name, ids);
        if (weights.Rotation is not { } rotation)
            return rows;
        var (left, right) = rotation.Factors();
        var (a, b) = ((long)Math.Sqrt(left.Length), (long)Math.Sqrt(right.Length));
        var blocks = graph.Op(label + ".blocks", "Reshape", [rows, graph.Int64s(0, 0, a, b)]);
        var outer = graph.Op(label + ".rotated_outer", "MatMul", [file.AddFloats(graph, "residual_rotation.left", [a, a], () => left), blocks]);
        var inner = graph.Op(label + ".rotated_inner", "MatMul", [outer, file.AddFloats(graph, "residual_rotation.right", [b, b], () => right)]);
        return graph.Op(label + ".rotated", "Reshape", [inner, graph.Int64s(0, 0, rotation.Width)]);
    }

    /// <inheritdoc/>
    public OnnxValue Rows(string label, string name, IReadOnlyList<int> rows) =>
        file.AddFloats(graph, label, [rows.Count, weights.Shape(name)[1]], () => weights.Rows(name, rows));
}
