namespace SIDReasoner.Train.Quantization;

/// <summary>
/// SplitMix64: a small generator whose numbers are fixed by its seed on every machine and runtime, unlike <see cref="System.Random"/>,
/// so that generated data and codebooks never change under a user's feet. Not for secrets. One instance serves one thread.
/// </summary>
/// <remarks>Source: Steele, Lea and Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014.</remarks>
internal sealed class SplitMixRandom
{
    private ulong _state;

    /// <summary>Starts the stream named <paramref name="stream"/> of a seed. Streams of one seed do not depend on each other.</summary>
    public SplitMixRandom(long seed, string stream)
    {
        // FNV-1a over the name's characters, then one mixing step so that neighboring seeds part at once.
        ulong hash = 14695981039346656037UL;
        foreach (char character in stream)
        {
            hash = unchecked((hash ^ character) * 1099511628211UL);
        }

        _state = unchecked(hash ^ Mix((ulong)seed + 0x9E3779B97F4A7C15UL));
    }

    /// <summary>The next 64 bits.</summary>
    public ulong NextBits()
    {
        _state = unchecked(_state + 0x9E3779B97F4A7C15UL);
        return Mix(_state);
    }

    /// <summary>A whole number from 0 to <paramref name="bound"/> - 1, each equally likely.</summary>
    public int NextInt(int bound)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(bound);
        ulong range = (ulong)bound;
        ulong firstBiased = ulong.MaxValue - (ulong.MaxValue % range);
        ulong bits;
        do
        {
            bits = NextBits();
        }
        while (bits >= firstBiased);

        return (int)(bits % range);
    }

    /// <summary>A number from 0 up to, not including, 1, in steps of 2^-53.</summary>
    public double NextDouble() => (NextBits() >> 11) * (1.0 / (1UL << 53));

    /// <summary>Puts <paramref name="values"/> into random order (Fisher-Yates).</summary>
    public void Shuffle<T>(Span<T> values)
    {
        for (int i = values.Length - 1; i > 0; i--)
        {
            int j = NextInt(i + 1);
            (values[i], values[j]) = (values[j], values[i]);
        }
    }

    /// <summary>The numbers 0 to <paramref name="count"/> - 1 in random order.</summary>
    public int[] Permutation(int count)
    {
        int[] values = Enumerable.Range(0, count).ToArray();
        Shuffle<int>(values);
        return values;
    }

    private static ulong Mix(ulong bits)
    {
        unchecked
        {
            bits = (bits ^ (bits >> 30)) * 0xBF58476D1CE4E5B9UL;
            bits = (bits ^ (bits >> 27)) * 0x94D049BB133111EBUL;
            return bits ^ (bits >> 31);
        }
    }
}
