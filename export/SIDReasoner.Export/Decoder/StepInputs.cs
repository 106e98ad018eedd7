using Onnx;
using SIDReasoner.Export.Onnx;

namespace SIDReasoner.Export.Decoder;

/// <summary>What one run is given, and what all layers need of it: positions, lengths, and the packed beams' bias, computed in the graph.</summary>
/// <remarks>
/// The control vector is an input named <c>num_logits_to_keep</c>, a name to which ONNX Runtime GenAI gives <c>[0]</c> when nobody
/// sets it. Zero therefore means text, with the full head on the last row; see docs/formats/graph.md.
/// </remarks>
internal sealed class StepInputs
{
    /// <summary>Type of everything real in the graph.</summary>
    public const TensorProto.Types.DataType Real = TensorProto.Types.DataType.Float;

    /// <summary>Fields before the ancestors' columns.</summary>
    public const int FieldCount = 9;

    private const string ControlName = "num_logits_to_keep";
    private const float Hidden = -1e9f;

    private StepInputs(OnnxValue inputIds, OnnxValue[] fields)
    {
        InputIds = inputIds;
        SidRows = fields[4];
        LogZRows = fields[7];
        EndRows = fields[8];
    }

    /// <summary>Token ids, int64 [B, S].</summary>
    public OnnxValue InputIds { get; }

    /// <summary>int32 [B]: index of each sequence's last token in the cache.</summary>
    public OnnxValue LastIndexes { get; private init; }

    /// <summary>int32, rank 0: tokens in the cache after the run (T).</summary>
    public OnnxValue TotalLength { get; private init; }

    /// <summary>int64 [B, S].</summary>
    public OnnxValue PositionIds { get; private init; }

    /// <summary>float32 [1, 1, S, T]: 0 where a row may look, -1e9 where not.</summary>
    public OnnxValue AttentionBias { get; private init; }

    /// <summary>float32 [rows, D / 2].</summary>
    public OnnxValue Cos { get; private init; }

    /// <summary>float32 [rows, D / 2].</summary>
    public OnnxValue Sin { get; private init; }

    /// <summary>int64 [1]: rows of the run (S).</summary>
    public OnnxValue RowCount { get; private init; }

    /// <summary>int64 [1]: last rows that the SID head runs on.</summary>
    public OnnxValue SidRows { get; }

    /// <summary>int64 [1]: 1 where the full head's last row is an output, else 0.</summary>
    public OnnxValue FullRows { get; private init; }

    /// <summary>int64 [1]: last rows whose log-sum-exp over the vocabulary is an output.</summary>
    public OnnxValue LogZRows { get; }

    /// <summary>int64 [1]: last rows whose newline and end-of-turn logits are an output.</summary>
    public OnnxValue EndRows { get; }

    /// <summary>Declares the inputs and writes the nodes.</summary>
    public static StepInputs Write(OnnxGraphBuilder graph, int rotaryRows, int headSize)
    {
        var inputIds = graph.Input("input_ids", TensorProto.Types.DataType.Int64, "batch", "rows");
        var mask = graph.Input("attention_mask", TensorProto.Types.DataType.Int64, "batch", "present_rows");
        var control = graph.Input(ControlName, TensorProto.Types.DataType.Int64, "control_fields");

        var fields = Fields(graph, control);
        var (beams, suffix, shift, noSlope, noFull, depth) = (fields[0], fields[1], fields[2], fields[3], fields[5], fields[6]);
        var rows = graph.Op("step.rows", "Shape", [inputIds], new OnnxAttribute("start", 1), new OnnxAttribute("end", 2));
        var total = graph.Op("step.total", "Shape", [mask], new OnnxAttribute("start", 1), new OnnxAttribute("end", 2));

        var lengths = graph.Op("step.lengths", "ReduceSum", [mask, graph.Int64s(1)], new OnnxAttribute("keepdims", 0));
        var positions = Positions(graph, inputIds, rows, total, shift, noSlope);
        var tableShape = new long[] { rotaryRows, headSize / 2 };
        var tableBytes = tableShape[0] * tableShape[1] * sizeof(float);
        return new StepInputs(inputIds, fields)
        {
            RowCount = rows,
            LastIndexes = Int32(graph, "step.last_indexes", graph.Op("step.last_indexes64", "Sub", [lengths, graph.Int64(1)])),
            TotalLength = Int32(graph, "step.total_length", graph.Op("step.total_scalar", "Squeeze", [total])),
            PositionIds = positions,
            AttentionBias = graph.If(
                "attention_bias",
                graph.Op("beams.any", "Greater", [beams, graph.Int64s(0)]),
                () => Bias(graph, control, beams, suffix, depth, rows, total),
                () => NoBias(graph, rows, total)),
            FullRows = graph.Op("step.full_rows", "Sub", [graph.Int64s(1), noFull]),
            Cos = graph.External("rotary.cos", Real, tableShape, RotaryEmbedding.FileName, 0, tableBytes),
            Sin = graph.External("rotary.sin", Real, tableShape, RotaryEmbedding.FileName, tableBytes, tableBytes),
        };
    }

    /// <summary>The control vector's fields, int64 [1] each; those that a short vector lacks are 0.</summary>
    private static OnnxValue[] Fields(OnnxGraphBuilder graph, OnnxValue control)
    {
        var padded = graph.Op("control.padded", "Concat", [control, graph.Int64s(new long[FieldCount])], new OnnxAttribute("axis", 0));
        var fixedPart = graph.Op("control.fields", "Slice", [padded, graph.Int64s(0), graph.Int64s(FieldCount), graph.Int64s(0)]);
        string[] names = ["beams", "suffix", "shift", "no_slope", "sid_rows", "no_full", "depth", "logz_rows", "end_rows"];
        return graph.Nodes(
            "control",
            "Split",
            OnnxDomain.Standard,
            [fixedPart],
            [.. names.Select(n => "control." + n)],
            new OnnxAttribute("axis", 0),
            new OnnxAttribute("num_outputs", FieldCount));
    }

    /// <summary>Row number times slope plus where the run's first row lies; all rows of a packed level share one position.</summary>
    private static OnnxValue Positions(OnnxGraphBuilder graph, OnnxValue inputIds, OnnxValue rows, OnnxValue total, OnnxValue shift, OnnxValue noSlope)
    {
        var slope = graph.Op("position.slope", "Sub", [graph.Int64s(1), noSlope]);
        var past = graph.Op("position.past", "Sub", [total, rows]);
        var first = graph.Op("position.first", "Sub", [past, shift]);
        var index = graph.Op("position.index", "Range", [graph.Int64(0), graph.Op("position.rows", "Squeeze", [rows]), graph.Int64(1)]);
        var scaled = graph.Op("position.scaled", "Mul", [index, slope]);
        var placed = graph.Op("position.placed", "Add", [scaled, first]);
        return graph.Op("position.ids", "Expand", [placed, graph.Op("position.shape", "Shape", [inputIds])]);
    }

    /// <summary>Hides the suffix from every beam but for its ancestors and itself, whose columns the control vector lists.</summary>
    private static OnnxValue Bias(
        OnnxGraphBuilder graph, OnnxValue control, OnnxValue beams, OnnxValue suffix, OnnxValue depth, OnnxValue rows, OnnxValue total)
    {
        var count = graph.Op("beams.ancestor_count", "Mul", [beams, depth]);
        var end = graph.Op("beams.ancestor_end", "Add", [count, graph.Int64s(FieldCount)]);
        var list = graph.Op("beams.ancestor_list", "Slice", [control, graph.Int64s(FieldCount), end, graph.Int64s(0)]);
        var shape = graph.Op("beams.ancestor_shape", "Concat", [beams, depth], new OnnxAttribute("axis", 0));
        var ancestors = graph.Op("beams.ancestors", "Reshape", [list, shape], new OnnxAttribute("allowzero", 1));
        var suffixShape = graph.Op("beams.suffix_shape", "Concat", [beams, suffix], new OnnxAttribute("axis", 0));
        var hidden = graph.Op("beams.hidden", "ConstantOfShape", [suffixShape], Filled(Hidden));
        var visible = graph.Op("beams.visible", "ConstantOfShape", [shape], Filled(0));
        var mask = graph.Op("beams.mask", "ScatterElements", [hidden, ancestors, visible], new OnnxAttribute("axis", 1));

        var zero = graph.Int64s(0);
        var left = graph.Op("beams.columns_before", "Sub", [total, suffix]);
        var above = graph.Op("beams.rows_after", "Sub", [rows, beams]);
        var pads = graph.Op("beams.pads", "Concat", [zero, left, above, zero], new OnnxAttribute("axis", 0));
        var padded = graph.Op("beams.padded", "Pad", [mask, pads]);
        return graph.Op("beams.bias", "Unsqueeze", [padded, graph.Int64s(0, 1)]);
    }

    /// <summary>Text: causal attention hides what it must.</summary>
    private static OnnxValue NoBias(OnnxGraphBuilder graph, OnnxValue rows, OnnxValue total) =>
        graph.Op("text.bias", "ConstantOfShape", [graph.Op("text.bias_shape", "Concat", [graph.Int64s(1, 1), rows, total], new OnnxAttribute("axis", 0))], Filled(0));

    private static OnnxAttribute Filled(float value)
    {
        var tensor = new TensorProto { DataType = (int)Real };
        tensor.Dims.Add(1);
        tensor.FloatData.Add(value);
        return new OnnxAttribute("value", tensor);
    }

    private static OnnxValue Int32(OnnxGraphBuilder graph, string name, OnnxValue value) =>
        graph.Op(name, "Cast", [value], new OnnxAttribute("to", (long)TensorProto.Types.DataType.Int32));
}
