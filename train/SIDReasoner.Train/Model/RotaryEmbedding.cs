using SIDReasoner.Core.Configuration;
using static TorchSharp.torch;

namespace SIDReasoner.Train.Model;

/// <summary>Rotary positions over half-split heads, as Hugging Face's models apply them.</summary>
/// <remarks>Angles are float32 products of position and inverse frequency, as there. The tables grow on demand; growing is locked, so sessions on many threads may share one.</remarks>
internal sealed class RotaryEmbedding : IDisposable
{
    private readonly float[] _inverseFrequencies;
    private readonly Lock _growing = new();
    private volatile Tables? _tables;
    private readonly List<Tables> _retired = [];

    /// <summary>Makes the table's recipe; nothing is computed before it is needed.</summary>
    public RotaryEmbedding(ModelConfig config) => _inverseFrequencies = config.RotaryInverseFrequencies();

    /// <summary>Cosines and sines of the positions start to start + count - 1, each a view [count, D/2].</summary>
    public (Tensor Cosines, Tensor Sines) Range(int start, int count)
    {
        Tables tables = UpTo(start + count);
        return (tables.Cosines.narrow(0, start, count), tables.Sines.narrow(0, start, count));
    }

    /// <summary>Turns each head's halves: (a, b) to (a cos - b sin, b cos + a sin).</summary>
    /// <param name="heads">float [.., T, D].</param>
    /// <param name="cosines">float, broadcast to [.., T, D/2].</param>
    /// <param name="sines">float, broadcast to [.., T, D/2].</param>
    /// <returns>float [.., T, D].</returns>
    public static Tensor Apply(Tensor heads, Tensor cosines, Tensor sines)
    {
        using var scope = NewDisposeScope();
        long half = heads.shape[^1] / 2;
        Tensor first = heads.narrow(-1, 0, half), second = heads.narrow(-1, half, half);
        return cat([first * cosines - second * sines, second * cosines + first * sines], -1).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (Tables tables in _retired)
        {
            tables.Cosines.Dispose();
            tables.Sines.Dispose();
        }

        _retired.Clear();
        _tables = null;
    }

    private Tables UpTo(int positions)
    {
        Tables? tables = _tables;
        if (tables is not null && tables.Positions >= positions)
        {
            return tables;
        }

        lock (_growing)
        {
            if (_tables is null || _tables.Positions < positions)
            {
                _tables = Compute(Math.Max(positions, Math.Max(64, 2 * (_tables?.Positions ?? 0))));
                _retired.Add(_tables); // older tables may still be in use: all are freed together at the end
            }

            return _tables;
        }
    }

    private Tables Compute(int positions)
    {
        int half = _inverseFrequencies.Length;
        var cosines = new float[positions * half];
        var sines = new float[positions * half];
        for (int position = 0; position < positions; position++)
        {
            for (int i = 0; i < half; i++)
            {
                float angle = position * _inverseFrequencies[i];
                (double sine, double cosine) = Math.SinCos(angle);
                cosines[position * half + i] = (float)cosine;
                sines[position * half + i] = (float)sine;
            }
        }

        return new Tables(positions, tensor(cosines, [positions, half]).DetachFromDisposeScope(), tensor(sines, [positions, half]).DetachFromDisposeScope());
    }

    private sealed record Tables(int Positions, Tensor Cosines, Tensor Sines);
}
