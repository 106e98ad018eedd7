namespace SIDReasoner.Runtime.Model;

/// <summary>One buffer of rows and a tensor for each range of rows asked for, made once and kept.</summary>
/// <remarks>The shape is a batch of one, the rows and the columns: [1, rows, columns], [1, rows] or [rows].</remarks>
internal sealed unsafe class RowTensors : IDisposable
{
    private const int FirstRows = 16;

    private readonly OrtNative.ElementType _type;
    private readonly int _columns;
    private readonly bool _hasBatch;
    private readonly Dictionary<long, nint> _tensors = [];
    private NativeBuffer? _buffer;
    private int _rows;

    /// <param name="type">Element type.</param>
    /// <param name="columns">Elements a row; 0 for rows of one element without an axis of their own.</param>
    /// <param name="hasBatch">Whether the shape starts with a 1.</param>
    public RowTensors(OrtNative.ElementType type, int columns, bool hasBatch)
    {
        _type = type;
        _columns = columns;
        _hasBatch = hasBatch;
    }

    /// <summary>The first row. Changes when <see cref="EnsureRows"/> makes more room.</summary>
    public byte* Pointer => _buffer is null ? null : _buffer.Pointer;

    private long RowBytes => (long)Math.Max(_columns, 1) * (_type == OrtNative.ElementType.Int64 ? sizeof(long) : sizeof(float));

    /// <summary>Makes room; what the rows held is lost where there was too little.</summary>
    public void EnsureRows(int rows)
    {
        if (rows <= _rows)
            return;
        Release();
        _rows = Math.Max(FirstRows, (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)rows));
        _buffer = new NativeBuffer(_rows * RowBytes);
    }

    /// <summary>The tensor of <paramref name="rows"/> rows, at least 1, from row <paramref name="first"/> on.</summary>
    public nint Range(int first, int rows)
    {
        var key = (long)first << 32 | (uint)rows;
        if (!_tensors.TryGetValue(key, out var tensor))
            _tensors[key] = tensor = Create(first, rows);
        return tensor;
    }

    /// <inheritdoc/>
    public void Dispose() => Release();

    private nint Create(int first, int rows)
    {
        Span<long> shape = [1, rows, _columns];
        if (_columns == 0)
            shape = shape[..2];
        if (!_hasBatch)
            shape = shape[1..];
        return OrtNative.CreateTensor(Pointer + first * RowBytes, rows * RowBytes, shape, _type);
    }

    private void Release()
    {
        foreach (var tensor in _tensors.Values)
            OrtNative.Release(tensor);
        _tensors.Clear();
        _buffer?.Dispose();
        _buffer = null;
        _rows = 0;
    }
}
