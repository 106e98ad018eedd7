using SIDReasoner.Decoding;

namespace SIDReasoner.Runtime.Model;

/// <summary>The graph's control input as ONNX Runtime's tensors over one native buffer; see <see cref="ControlFields"/>.</summary>
internal sealed unsafe class ControlVector : IDisposable
{
    private const int FirstLength = 256;

    private readonly ControlFields _fields = new();
    private NativeBuffer _values = new(FirstLength * sizeof(long));
    private nint _text;
    private nint _beams;

    /// <summary>Packed calls since the text: depth of the last call's rows.</summary>
    public int Depth => _fields.Depth;

    /// <summary>Rows of the last packed call.</summary>
    public int LastRows => _fields.LastRows;

    /// <summary>Rows of all packed calls since the text.</summary>
    public int SuffixRows => _fields.SuffixRows;

    /// <summary>Control of a run of text.</summary>
    public nint Text(StepOutputs outputs)
    {
        ControlFields.WriteText(Values, outputs);
        if (_text == 0)
            _text = Tensor(ControlFields.TextLength);
        return _text;
    }

    /// <summary>
    /// Control of a piece of a packed call: rows that continue <paramref name="parents"/> of the call before, behind <paramref name="before"/>
    /// rows of this call. Call <see cref="Keep"/> when it ran, and <see cref="Accept"/> when all pieces did.
    /// </summary>
    public nint Beams(int before, ReadOnlySpan<int> parents, StepOutputs outputs)
    {
        EnsureLength(_fields.LengthFor(parents.Length));
        _fields.WriteBeams(Values, parents, outputs, before);
        if (_beams == 0)
            _beams = Tensor(Values.Length);
        return _beams;
    }

    /// <summary>Keeps the piece that just ran.</summary>
    public void Keep(int before, int rows) => _fields.Keep(Values, before, rows);

    /// <summary>Takes the packed call whose pieces just ran into the history.</summary>
    public void Accept(int rows) => _fields.Accept(rows);

    /// <summary>Forgets all packed calls.</summary>
    public void Reset() => _fields.Reset();

    /// <inheritdoc/>
    public void Dispose()
    {
        Release();
        _values.Dispose();
    }

    private Span<long> Values => new(_values.Pointer, (int)(_values.Bytes / sizeof(long)));

    private nint Tensor(int length) => OrtNative.CreateTensor(_values.Pointer, length * (long)sizeof(long), [length], OrtNative.ElementType.Int64);

    private void EnsureLength(int length)
    {
        if (length <= Values.Length)
            return;
        Release();
        _values.Dispose();
        _values = new NativeBuffer(System.Numerics.BitOperations.RoundUpToPowerOf2((uint)length) * (long)sizeof(long));
    }

    private void Release()
    {
        OrtNative.Release(_text);
        OrtNative.Release(_beams);
        _text = _beams = 0;
    }
}
