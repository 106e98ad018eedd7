namespace SIDReasoner.Runtime.Model;

/// <summary>One buffer of rows and a tensor for each number of rows asked for, made once and kept.</summary>
/// <remarks>The shape is given by a prefix of ones, the rows and the columns: [1, rows, columns], [1, rows] or [rows].</remarks>
internal sealed unsafe class RowTensors : IDisposable
{
    private const int FirstRows = 16;

    private readonly OrtNative.ElementType _type;
    private readonly int _columns;
    private readonly bool _hasBatch;
    private readonly int _elementBytes;
    private NativeBuffer? _buffer;
    private nint[] _tensors = [];

    /// <param name="type">Element type.</param>
    /// <param name="columns">Elements a row; 0 for rows of one element without an axis of their own.</param>
    /// <param name="hasBatch">Whether the shape starts with a 1.</param>
    public RowTensors(OrtNative.ElementType type, int columns, bool hasBatch)
    {
        _type = type;
        _columns = columns;
        _hasBatch = hasBatch;
        _elementBytes = type == OrtNative.ElementType.Int64 ? sizeof(long) : sizeof(float);
    }

    /// <summary>The first row. Changes when more rows than ever before are asked for.</summary>
    public byte* Pointer => _buffer is null ? null : _buffer.Pointer;

    /// <summary>The tensor of <paramref name="rows"/> rows, at least 1.</summary>
    public nint this[int rows]
    {
        get
        {
            if (rows >= _tensors.Length)
                Grow(rows);
            return _tensors[rows] != 0 ? _tensors[rows] : _tensors[rows] = Create(rows);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        ReleaseTensors();
        _buffer?.Dispose();
        _buffer = null;
    }

    private nint Create(int rows)
    {
        Span<long> shape = [1, rows, _columns];
        if (_columns == 0)
            shape = shape[..2];
        if (!_hasBatch)
            shape = shape[1..];
        return OrtNative.CreateTensor(Pointer, rows * RowBytes, shape, _type);
    }

    private long RowBytes => (long)Math.Max(_columns, 1) * _elementBytes;

    private void Grow(int rows)
    {
        var most = Math.Max(FirstRows, (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)rows + 1) - 1);
        ReleaseTensors();
        _buffer?.Dispose();
        _buffer = new NativeBuffer(most * RowBytes);
        _tensors = new nint[most + 1];
    }

    private void ReleaseTensors()
    {
        foreach (var tensor in _tensors)
            OrtNative.Release(tensor);
        _tensors = [];
    }
}
