using SIDReasoner.Decoding;

namespace SIDReasoner.Runtime.Model;

/// <summary>What the graph's control input says of a call: nine fields, then the columns of each packed beam's ancestors. Every engine writes it through this.</summary>
/// <remarks>Laid out in docs/formats/graph.md. Keeps the ancestors of the last packed call, from which the next call's follow.</remarks>
internal sealed class ControlFields
{
    /// <summary>The graph's control input. ONNX Runtime GenAI gives an input of this name <c>[0]</c> where nobody sets it.</summary>
    public const string InputName = "num_logits_to_keep";

    private const int FieldCount = 9;

    private long[] _ancestors = new long[256];
    private long[] _next = new long[256];

    /// <summary>Packed calls since the text: depth of the last call's rows.</summary>
    public int Depth { get; private set; }

    /// <summary>Rows of the last packed call.</summary>
    public int LastRows { get; private set; }

    /// <summary>Rows of all packed calls since the text.</summary>
    public int SuffixRows { get; private set; }

    /// <summary>Elements that the next packed call needs; a longer vector is as good.</summary>
    public int LengthFor(int rows) => FieldCount + (rows * (Depth + 1));

    /// <summary>Elements of a call of text.</summary>
    public static int TextLength => FieldCount;

    /// <summary>Writes the control of a call of text. Every field is written, so nothing of a call before can remain.</summary>
    public static void WriteText(Span<long> control, StepOutputs outputs) =>
        Fill(control, beams: 0, suffix: 0, shift: 0, depth: 0, outputs, rows: 1);

    /// <summary>Writes the control of a packed call: rows that continue <paramref name="parents"/> of the call before. Call <see cref="Accept(ReadOnlySpan{long}, int)"/> when it ran.</summary>
    /// <param name="control">At least <see cref="LengthFor"/> elements.</param>
    /// <param name="parents">One a row.</param>
    /// <param name="outputs">What every row computes.</param>
    /// <param name="before">Rows of this call that ran in earlier pieces of it; each piece is kept by <see cref="Keep"/>.</param>
    public void WriteBeams(Span<long> control, ReadOnlySpan<int> parents, StepOutputs outputs, int before = 0)
    {
        var (rows, depth, used) = (parents.Length, Depth + 1, SuffixRows + before);
        Fill(control, rows, used + rows, used - Depth, depth, outputs, rows);
        var ancestors = control[FieldCount..];
        for (var row = 0; row < rows; row++)
        {
            for (var level = 0; level < Depth; level++)
                ancestors[row * depth + level] = _ancestors[parents[row] * Depth + level];
            ancestors[row * depth + depth - 1] = used + row;
        }
    }

    /// <summary>Keeps the ancestors of a piece that just ran: rows <paramref name="before"/> on of the call.</summary>
    public void Keep(ReadOnlySpan<long> control, int before, int rows)
    {
        var depth = Depth + 1;
        var needed = (before + rows) * depth;
        if (_next.Length < needed)
            Array.Resize(ref _next, (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)needed));
        control.Slice(FieldCount, rows * depth).CopyTo(_next.AsSpan(before * depth));
    }

    /// <summary>Takes a packed call whose pieces all ran and were kept into the history.</summary>
    public void Accept(int rows)
    {
        Depth++;
        LastRows = rows;
        SuffixRows += rows;
        (_ancestors, _next) = (_next, _ancestors);
    }

    /// <summary>Takes the packed call that just ran, in one piece, into the history.</summary>
    public void Accept(ReadOnlySpan<long> control, int rows)
    {
        Keep(control, before: 0, rows);
        Accept(rows);
    }

    /// <summary>Forgets all packed calls.</summary>
    public void Reset() => Depth = LastRows = SuffixRows = 0;

    private static void Fill(Span<long> fields, int beams, int suffix, int shift, int depth, StepOutputs outputs, int rows)
    {
        fields[0] = beams;
        fields[1] = suffix;
        fields[2] = shift;
        fields[3] = beams > 0 ? 1 : 0;
        fields[4] = (outputs & StepOutputs.SidLogits) != 0 ? rows : 0;
        fields[5] = (outputs & StepOutputs.Logits) != 0 ? 0 : 1;
        fields[6] = depth;
        fields[7] = (outputs & StepOutputs.LogSumExp) != 0 ? rows : 0;
        fields[8] = (outputs & StepOutputs.EndLogits) != 0 ? rows : 0;
    }
}
