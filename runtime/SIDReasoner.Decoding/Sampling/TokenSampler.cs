namespace SIDReasoner.Decoding.Sampling;

/// <summary>Chooses the next text token from a row of logits: greedily, or drawn after temperature, top-k, top-p and min-p.</summary>
/// <remarks>
/// Kept tokens are drawn by their probability in the order of their ids, so a draw depends on the logits, the options and the place in
/// the text alone. Allocates when it first sees a vocabulary's size, never afterwards. Serves one thread.
/// </remarks>
public sealed class TokenSampler
{
    private float[] _widened = [];
    private int[] _ids = [];
    private double[] _weights = [];
    private ulong[] _keys = [];

    /// <summary>Chooses a token.</summary>
    /// <param name="logits">One row over the whole vocabulary, on the host.</param>
    /// <param name="options">How; validated by the caller.</param>
    /// <param name="position">The place of the token in the text: the counter of the draw.</param>
    /// <returns>The token's id.</returns>
    /// <exception cref="InvalidLogitsException">A logit is NaN or plus infinity, or all are minus infinity.</exception>
    /// <exception cref="InvalidOperationException">The logits lie on a device.</exception>
    public int Next(LogitsView logits, SamplingOptions options, long position) => Next(Row(logits), options, position);

    /// <summary>Chooses a token.</summary>
    /// <param name="logits">One row over the whole vocabulary.</param>
    /// <param name="options">How; validated by the caller.</param>
    /// <param name="position">The place of the token in the text: the counter of the draw.</param>
    /// <returns>The token's id.</returns>
    /// <exception cref="InvalidLogitsException">A logit is NaN or plus infinity, or all are minus infinity.</exception>
    public int Next(ReadOnlySpan<float> logits, SamplingOptions options, long position)
    {
        ArgumentNullException.ThrowIfNull(options);
        (int best, float largest) = Argmax.Find(logits);
        if (best < 0)
        {
            throw Invalid(logits);
        }

        if (!options.Samples)
        {
            return best;
        }

        Reserve(logits.Length);
        int count = Collect(logits, options, largest);
        double total = 0;
        foreach (double weight in _weights.AsSpan(0, count))
        {
            total += weight;
        }

        double wanted = CounterRandom.Unit(options.Seed, options.Stream, (ulong)position) * total;
        double passed = 0;
        for (int i = 0; i < count; i++)
        {
            passed += _weights[i];
            if (passed > wanted)
            {
                return _ids[i];
            }
        }

        // The sum of the weights is the same sum as above, so only a last weight of 0 leads here.
        return best;
    }

    /// <summary>Puts the kept tokens, in order of their ids, and their unnormalised probabilities into the buffers.</summary>
    private int Collect(ReadOnlySpan<float> logits, SamplingOptions options, float largest)
    {
        float threshold = options.TopK > 0 && options.TopK < logits.Length ? LargestAt(logits, options.TopK) : float.NegativeInfinity;
        int count = 0;
        double total = 0;
        for (int id = 0; id < logits.Length; id++)
        {
            if (logits[id] >= threshold && logits[id] > float.NegativeInfinity)
            {
                double weight = Math.Exp(((double)logits[id] - largest) / options.Temperature);
                _ids[count] = id;
                _weights[count++] = weight;
                total += weight;
            }
        }

        if (options.TopP < 1)
        {
            count = KeepNucleus(logits, count, options.TopP * total);
        }

        return options.MinP > 0 ? Keep(count, options.MinP) : count;
    }

    /// <summary>The k-th largest logit: the smallest of a heap of the k largest.</summary>
    private float LargestAt(ReadOnlySpan<float> logits, int k)
    {
        Span<ulong> heap = _keys.AsSpan(0, k);
        for (int id = 0; id < k; id++)
        {
            heap[id] = ~Key(logits[id], 0);
        }

        for (int root = (k / 2) - 1; root >= 0; root--)
        {
            SiftDown(heap, root);
        }

        float smallest = Value(~heap[0]);
        for (int id = k; id < logits.Length; id++)
        {
            if (logits[id] > smallest)
            {
                heap[0] = ~Key(logits[id], 0);
                SiftDown(heap, 0);
                smallest = Value(~heap[0]);
            }
        }

        return smallest;
    }

    /// <summary>Keeps the likeliest tokens, of equal ones the lower ids, until what lies before a token weighs as much as asked for.</summary>
    private int KeepNucleus(ReadOnlySpan<float> logits, int count, double mass)
    {
        // Sorting the few likely ones is enough nearly always; the cut falls until the nucleus lies above it.
        for (double cut = 1e-3; ; cut = cut < 1e-12 ? 0 : cut * 1e-3)
        {
            int sorted = 0;
            for (int i = 0; i < count; i++)
            {
                if (_weights[i] >= cut)
                {
                    _keys[sorted++] = Key(logits[_ids[i]], i);
                }
            }

            Span<ulong> keys = _keys.AsSpan(0, sorted);
            keys.Sort();
            double before = 0;
            int kept = 0;
            while (kept < sorted && before < mass)
            {
                before += _weights[(int)(uint)keys[kept]];
                kept++;
            }

            if (before >= mass || sorted == count)
            {
                return KeepUpTo(logits, count, keys[kept - 1]);
            }
        }
    }

    private int KeepUpTo(ReadOnlySpan<float> logits, int count, ulong lastKey)
    {
        int kept = 0;
        for (int i = 0; i < count; i++)
        {
            if (Key(logits[_ids[i]], i) <= lastKey)
            {
                _ids[kept] = _ids[i];
                _weights[kept++] = _weights[i];
            }
        }

        return kept;
    }

    private int Keep(int count, double leastWeight)
    {
        int kept = 0;
        for (int i = 0; i < count; i++)
        {
            if (_weights[i] >= leastWeight)
            {
                _ids[kept] = _ids[i];
                _weights[kept++] = _weights[i];
            }
        }

        return kept;
    }

    /// <summary>Orders by logit, largest first, then by place.</summary>
    private static ulong Key(float logit, int place)
    {
        // Adding zero makes one zero of two. The bits of floats order as integers once the sign is seen to.
        uint bits = BitConverter.SingleToUInt32Bits(logit + 0f);
        uint ascending = (bits & 0x80000000) != 0 ? ~bits : bits | 0x80000000;
        return ((ulong)~ascending << 32) | (uint)place;
    }

    private static float Value(ulong key)
    {
        uint ascending = ~(uint)(key >> 32);
        return BitConverter.UInt32BitsToSingle((ascending & 0x80000000) != 0 ? ascending & 0x7FFFFFFF : ~ascending);
    }

    private static void SiftDown(Span<ulong> heap, int root)
    {
        while (true)
        {
            int child = (2 * root) + 1;
            if (child >= heap.Length)
            {
                return;
            }

            if (child + 1 < heap.Length && heap[child + 1] < heap[child])
            {
                child++;
            }

            if (heap[root] <= heap[child])
            {
                return;
            }

            (heap[root], heap[child]) = (heap[child], heap[root]);
            root = child;
        }
    }

    private unsafe ReadOnlySpan<float> Row(LogitsView logits)
    {
        if (logits.Device != DeviceKind.Cpu || logits.Rows != 1)
        {
            throw new InvalidOperationException($"The logits are {logits.Rows} rows on {logits.Device}; text needs 1 row on Cpu.");
        }

        if (logits.Type == TensorElementType.Float32)
        {
            return logits.AsSpan();
        }

        if (_widened.Length < logits.Columns)
        {
            _widened = new float[logits.Columns];
        }

        var bits = new ReadOnlySpan<ushort>((void*)logits.Pointer, logits.Columns);
        for (int i = 0; i < bits.Length; i++)
        {
            _widened[i] = logits.Type == TensorElementType.Float16 ? (float)BitConverter.UInt16BitsToHalf(bits[i]) : BitConverter.UInt32BitsToSingle((uint)bits[i] << 16);
        }

        return _widened.AsSpan(0, logits.Columns);
    }

    private void Reserve(int vocabSize)
    {
        if (_ids.Length < vocabSize)
        {
            _ids = new int[vocabSize];
            _weights = new double[vocabSize];
            _keys = new ulong[vocabSize];
        }
    }

    private static InvalidLogitsException Invalid(ReadOnlySpan<float> logits)
    {
        for (int id = 0; id < logits.Length; id++)
        {
            if (float.IsNaN(logits[id]) || float.IsPositiveInfinity(logits[id]))
            {
                return new InvalidLogitsException(id, logits[id]);
            }
        }

        return new InvalidLogitsException(0, float.NegativeInfinity);
    }
}
