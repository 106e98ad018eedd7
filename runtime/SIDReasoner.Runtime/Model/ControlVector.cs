using SIDReasoner.Decoding;

namespace SIDReasoner.Runtime.Model;

/// <summary>The graph's control input, int64, which the exporter named <c>num_logits_to_keep</c>: nine fields, then the ancestors' columns of packed beams.</summary>
/// <remarks>Laid out in docs/formats/graph.md. Keeps the ancestors of the last call, from which the next call's follow.</remarks>
internal sealed unsafe class ControlVector : IDisposable
{
    private const int FieldCount = 9;
    private const int FirstAncestors = 256;

    private NativeBuffer _values = new(Bytes(FirstAncestors));
    private NativeBuffer _last = new(Bytes(FirstAncestors));
    private int _room = FirstAncestors;
    private nint _text;
    private nint _beams;

    /// <summary>Packed calls since the text: depth of the last call's rows.</summary>
    public int Depth { get; private set; }

    /// <summary>Rows of the last packed call.</summary>
    public int LastRows { get; private set; }

    /// <summary>Rows of all packed calls since the text.</summary>
    public int SuffixRows { get; private set; }

    /// <summary>Control of a run of text.</summary>
    public nint Text(StepOutputs outputs, bool endLogits)
    {
        Fill(beams: 0, suffix: 0, shift: 0, depth: 0, outputs, rows: 1, endLogits);
        if (_text == 0)
            _text = OrtNative.CreateTensor(_values.Pointer, FieldCount * sizeof(long), [FieldCount], OrtNative.ElementType.Int64);
        return _text;
    }

    /// <summary>Control of a packed call: rows of tokens that continue <paramref name="parents"/> of the call before. Call <see cref="Accept"/> when it ran.</summary>
    public nint Beams(ReadOnlySpan<int> parents, StepOutputs outputs, bool endLogits)
    {
        var (rows, depth) = (parents.Length, Depth + 1);
        EnsureRoom(rows * depth);
        Fill(rows, SuffixRows + rows, SuffixRows - Depth, depth, outputs, rows, endLogits);
        var ancestors = Fields + FieldCount;
        var before = (long*)_last.Pointer;
        for (var row = 0; row < rows; row++)
        {
            for (var level = 0; level < Depth; level++)
                ancestors[row * depth + level] = before[parents[row] * Depth + level];
            ancestors[row * depth + depth - 1] = SuffixRows + row;
        }

        if (_beams == 0)
            _beams = OrtNative.CreateTensor(_values.Pointer, Bytes(_room), [FieldCount + _room], OrtNative.ElementType.Int64);
        return _beams;
    }

    /// <summary>Takes the packed call that just ran into the history.</summary>
    public void Accept(int rows)
    {
        Depth++;
        new ReadOnlySpan<long>(Fields + FieldCount, rows * Depth).CopyTo(new Span<long>(_last.Pointer, rows * Depth));
        LastRows = rows;
        SuffixRows += rows;
    }

    /// <summary>Forgets all packed calls.</summary>
    public void Reset() => Depth = LastRows = SuffixRows = 0;

    /// <inheritdoc/>
    public void Dispose()
    {
        Release();
        _values.Dispose();
        _last.Dispose();
    }

    private long* Fields => (long*)_values.Pointer;

    private static long Bytes(int ancestors) => (FieldCount + ancestors) * (long)sizeof(long);

    private void Fill(int beams, int suffix, int shift, int depth, StepOutputs outputs, int rows, bool endLogits)
    {
        var fields = Fields;
        fields[0] = beams;
        fields[1] = suffix;
        fields[2] = shift;
        fields[3] = beams > 0 ? 1 : 0;
        fields[4] = (outputs & StepOutputs.SidLogits) != 0 ? rows : 0;
        fields[5] = (outputs & StepOutputs.Logits) != 0 ? 0 : 1;
        fields[6] = depth;
        fields[7] = (outputs & StepOutputs.LogSumExp) != 0 ? rows : 0;
        fields[8] = endLogits ? rows : 0;
    }

    private void EnsureRoom(int ancestors)
    {
        if (ancestors <= _room)
            return;
        Release();
        _room = (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)ancestors);
        var last = new NativeBuffer(Bytes(_room));
        new ReadOnlySpan<long>(_last.Pointer, LastRows * Depth).CopyTo(new Span<long>(last.Pointer, LastRows * Depth));
        _last.Dispose();
        _last = last;
        _values.Dispose();
        _values = new NativeBuffer(Bytes(_room));
    }

    private void Release()
    {
        OrtNative.Release(_text);
        OrtNative.Release(_beams);
        _text = _beams = 0;
    }
}
