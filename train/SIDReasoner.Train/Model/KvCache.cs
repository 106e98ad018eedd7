using SIDReasoner.Core.Configuration;
using SIDReasoner.Decoding;
using static TorchSharp.torch;

namespace SIDReasoner.Train.Model;

/// <summary>Keys and values of all layers, allocated once, written in place.</summary>
internal sealed class KvCache : IDisposable
{
    private readonly Tensor[] _keys;
    private readonly Tensor[] _values;

    /// <summary>Allocates float32 [batch, H_kv, capacity, D] twice a layer.</summary>
    public KvCache(ModelConfig config, int batch, int capacity)
    {
        Capacity = capacity;
        long[] shape = [batch, config.KvHeadCount, capacity, config.HeadSize];
        _keys = [.. Enumerable.Range(0, config.LayerCount).Select(_ => zeros(shape, ScalarType.Float32).DetachFromDisposeScope())];
        _values = [.. Enumerable.Range(0, config.LayerCount).Select(_ => zeros(shape, ScalarType.Float32).DetachFromDisposeScope())];
    }

    /// <summary>Rows that fit.</summary>
    public int Capacity { get; }

    /// <summary>Row of the next write; set by the owner.</summary>
    public int Length { get; set; }

    /// <summary>Writes rows behind <see cref="Length"/> (which stays) and returns all rows up to them, as views.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="keys">float [batch, H_kv, T, D].</param>
    /// <param name="values">As <paramref name="keys"/>.</param>
    public (Tensor Keys, Tensor Values) Append(int layer, Tensor keys, Tensor values)
    {
        long batch = keys.shape[0], rows = keys.shape[2];
        return (Write(_keys[layer], keys, batch, rows), Write(_values[layer], values, batch, rows));
    }

    /// <summary>The first layer, and its first row, whose key or value is no finite number; of the first sequence.</summary>
    public NonFiniteRow FindNonFinite()
    {
        using var scope = NewDisposeScope();
        for (int layer = 0; layer < _keys.Length; layer++)
        {
            // [rows]: of any head.
            Tensor bad = Bad(_keys[layer]).logical_or(Bad(_values[layer]));
            if (bad.any().item<bool>())
            {
                return new NonFiniteRow(layer, (int)bad.to_type(ScalarType.Int32).argmax().item<long>());
            }
        }

        return NonFiniteRow.None;

        Tensor Bad(Tensor buffer) => buffer[0].narrow(1, 0, Length).isfinite().logical_not().any(2).any(0);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (Tensor buffer in _keys.Concat(_values))
        {
            buffer.Dispose();
        }
    }

    private Tensor Write(Tensor buffer, Tensor rows, long batch, long count)
    {
        Tensor used = buffer.narrow(0, 0, batch);
        used.narrow(2, Length, count).copy_(rows);
        return used.narrow(2, 0, Length + count);
    }
}
