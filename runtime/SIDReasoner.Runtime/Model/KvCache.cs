using SIDReasoner.Decoding;

namespace SIDReasoner.Runtime.Model;

/// <summary>Keys and values of every layer in buffers with room to spare: each run reads and appends in place, since past and present are the same tensor.</summary>
/// <remarks>float32 [1, H_kv, rows, D] a tensor. Grows by doubling, which copies the rows in use; at most the rows the bundle has room for.</remarks>
internal sealed unsafe class KvCache : IDisposable
{
    private const int FirstRows = 256;

    private readonly int _heads;
    private readonly int _headSize;
    private readonly int _mostRows;
    private readonly NativeBuffer?[] _buffers;

    public KvCache(int layers, int heads, int headSize, int mostRows)
    {
        _heads = heads;
        _headSize = headSize;
        _mostRows = mostRows;
        _buffers = new NativeBuffer?[2 * layers];
        Tensors = new nint[2 * layers];
    }

    /// <summary>Key then value of each layer, in order of layer.</summary>
    public nint[] Tensors { get; }

    /// <summary>Rows there is room for now.</summary>
    public int Rows { get; private set; }

    /// <summary>Makes room for <paramref name="rows"/> rows, keeping the first <paramref name="used"/>.</summary>
    /// <returns>Whether the tensors changed.</returns>
    public bool EnsureRows(int rows, int used)
    {
        if (rows <= Rows)
            return false;
        var grown = (int)Math.Min(_mostRows, Math.Max(Math.Max(FirstRows, 2L * Rows), (long)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)rows)));
        for (var i = 0; i < _buffers.Length; i++)
        {
            var rowBytes = (long)_headSize * sizeof(float);
            var bytes = _heads * grown * rowBytes;
            var buffer = new NativeBuffer(bytes);
            for (var head = 0; head < _heads && used > 0; head++)
            {
                Buffer.MemoryCopy(
                    _buffers[i]!.Pointer + head * Rows * rowBytes, buffer.Pointer + head * grown * rowBytes, grown * rowBytes, used * rowBytes);
            }

            OrtNative.Release(Tensors[i]);
            _buffers[i]?.Dispose();
            _buffers[i] = buffer;
            Tensors[i] = OrtNative.CreateTensor(buffer.Pointer, bytes, [1, _heads, grown, _headSize], OrtNative.ElementType.Float);
        }

        Rows = grown;
        return true;
    }

    /// <summary>Writes rows from elsewhere over rows <paramref name="first"/> on.</summary>
    /// <param name="first">Where they go.</param>
    /// <param name="rows">How many; there must be room.</param>
    /// <param name="source">float32 [tensors * heads, <paramref name="sourceRows"/>, D].</param>
    /// <param name="sourceRows">Rows of the source.</param>
    /// <param name="sourceFirst">The first of them that is taken.</param>
    public void CopyIn(int first, int rows, byte* source, int sourceRows, int sourceFirst = 0)
    {
        var rowBytes = (long)_headSize * sizeof(float);
        for (var i = 0; i < _buffers.Length * _heads; i++)
            Buffer.MemoryCopy(source + (i * sourceRows + sourceFirst) * rowBytes, RowOf(i, first), rows * rowBytes, rows * rowBytes);
    }

    /// <summary>Copies rows elsewhere.</summary>
    /// <param name="first">The first of them.</param>
    /// <param name="rows">How many.</param>
    /// <param name="target">float32 [tensors * heads, <paramref name="rows"/>, D].</param>
    public void CopyOut(int first, int rows, byte* target)
    {
        var rowBytes = (long)_headSize * sizeof(float);
        for (var i = 0; i < _buffers.Length * _heads; i++)
            Buffer.MemoryCopy(RowOf(i, first), target + i * rows * rowBytes, rows * rowBytes, rows * rowBytes);
    }

    /// <summary>The first layer, and its first row, whose key or value is no finite number.</summary>
    /// <param name="used">Rows in use.</param>
    public NonFiniteRow FindNonFinite(int used)
    {
        for (var layer = 0; layer < _buffers.Length / 2; layer++)
        {
            var first = int.MaxValue;
            for (var plane = 2 * layer * _heads; plane < 2 * (layer + 1) * _heads; plane++)
            {
                if (NonFiniteRow.First(new ReadOnlySpan<float>(RowOf(plane, 0), used * _headSize), _headSize) is >= 0 and var row)
                    first = Math.Min(first, row);
            }

            if (first < int.MaxValue)
                return new NonFiniteRow(layer, first);
        }

        return NonFiniteRow.None;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        for (var i = 0; i < _buffers.Length; i++)
        {
            OrtNative.Release(Tensors[i]);
            Tensors[i] = 0;
            _buffers[i]?.Dispose();
            _buffers[i] = null;
        }

        Rows = 0;
    }

    /// <summary>A row of one head of one tensor; <paramref name="plane"/> counts heads, tensor by tensor.</summary>
    private byte* RowOf(int plane, int row) =>
        _buffers[plane / _heads]!.Pointer + ((long)(plane % _heads) * Rows + row) * _headSize * sizeof(float);
}
