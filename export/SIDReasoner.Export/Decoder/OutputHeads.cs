using SIDReasoner.Export.Onnx;

namespace SIDReasoner.Export.Decoder;

/// <summary>The heads. Each runs on its own number of last rows, and over no rows a head costs nothing.</summary>
internal static class OutputHeads
{
    /// <summary>Rows that some head reads: the largest of the four counts, int64 [1].</summary>
    public static OnnxValue KeptRows(DecoderScope scope, StepInputs step) =>
        scope.Graph.Op("heads.kept_rows", "Max", [step.SidRows, step.FullRows, step.LogZRows, step.EndRows]);

    /// <summary>The last <paramref name="count"/> of <paramref name="of"/> rows on axis 1.</summary>
    public static OnnxValue LastRows(OnnxGraphBuilder graph, string name, OnnxValue x, OnnxValue of, OnnxValue count)
    {
        var first = graph.Op(name + ".first", "Sub", [of, count]);
        return graph.Op(name, "Slice", [x, first, of, graph.Int64s(1)]);
    }

    /// <summary>Writes the heads over the normed rows [B, kept, H] and declares the outputs.</summary>
    public static void Write(DecoderScope scope, StepInputs step, OnnxValue normed, OnnxValue kept, HeadLayout layout)
    {
        var graph = scope.Graph;
        var headName = layout.HeadWeight;
        WriteFull(scope, step, normed, kept, headName);
        if (layout.SidColumns.Count > 0)
        {
            var sidRows = scope.Weights.Rows("sid_head.weight", headName, layout.SidColumns);
            var sid = graph.RowProduct("sid_logits", LastRows(graph, "heads.sid_rows", normed, kept, step.SidRows), sidRows);
            graph.Output(sid, StepInputs.Real, "batch", "sid_rows", layout.SidColumns.Count);
        }
        if (layout.ReferenceEnd.Count > 0)
        {
            var endRows = scope.Weights.Rows("end_head.weight", headName, layout.ReferenceEnd);
            var end = graph.RowProduct("end_logits", LastRows(graph, "heads.end_rows", normed, kept, step.EndRows), endRows);
            graph.Output(end, StepInputs.Real, "batch", "end_rows", layout.ReferenceEnd.Count);
        }
    }

    /// <summary>The full head once, over as many rows as logits or log-sum-exp need.</summary>
    private static void WriteFull(DecoderScope scope, StepInputs step, OnnxValue normed, OnnxValue kept, string headName)
    {
        var graph = scope.Graph;
        var rows = graph.Op("heads.full_rows", "Max", [step.FullRows, step.LogZRows]);
        var full = scope.Linears.TextHead("heads.full", LastRows(graph, "heads.full_input", normed, kept, rows), rows, headName);

        var last = () => LastRows(graph, "heads.last_row", full, rows, step.FullRows);
        var logits = graph.If("logits", Any("heads.has_full", step.FullRows), last, () => graph.Op("heads.no_logits", "Pad", [last(), graph.Int64s(0, 0, 0, 0, 1, 0)]));
        graph.Output(logits, StepInputs.Real, "batch", 1, scope.Config.VocabSize);

        var logZ = graph.If(
            "logz",
            Any("heads.has_logz", step.LogZRows),
            () => graph.Op("heads.logz_vector", "Reshape", [LastRows(graph, "heads.logz", LogSumExp(graph, full), rows, step.LogZRows), step.LogZRows]),
            () => graph.Op("heads.no_logz", "ConstantOfShape", [graph.Int64s(0)]));
        graph.Output(logZ, StepInputs.Real, "logz_rows");

        OnnxValue Any(string name, OnnxValue count) => graph.Op(name, "Greater", [count, graph.Int64s(0)]);
    }

    /// <summary>Any logit less its log-softmax, [B, rows, 1].</summary>
    /// <remarks>
    /// LogSoftmax adds in many lanes, where ReduceLogSumExp adds one by one, which is slower and loses up to 1e-4 a SID over 150,000
    /// columns. Rows are chosen afterwards: choosing them before would copy rows times V logits.
    /// </remarks>
    private static OnnxValue LogSumExp(OnnxGraphBuilder graph, OnnxValue logits)
    {
        var normalized = graph.Op("heads.log_softmax", "LogSoftmax", [logits], new OnnxAttribute("axis", -1));
        var (zero, one, axis) = (graph.Int64s(0), graph.Int64s(1), graph.Int64s(2));
        return graph.Op(
            "heads.log_sum_exp", "Sub", [graph.Op("heads.logit0", "Slice", [logits, zero, one, axis]), graph.Op("heads.log_p0", "Slice", [normalized, zero, one, axis])]);
    }
}
