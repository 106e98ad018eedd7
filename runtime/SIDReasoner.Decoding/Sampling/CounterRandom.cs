namespace SIDReasoner.Decoding.Sampling;

/// <summary>
/// Philox4x32-10: random numbers as a function of seed, stream and counter, without state. The same on every machine and runtime, and
/// a draw can be repeated without repeating those before it.
/// </summary>
/// <remarks>Source: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011.</remarks>
public static class CounterRandom
{
    /// <summary>A number drawn evenly from [0, 1), in steps of 2^-53.</summary>
    /// <param name="seed">The seed: the key of the cipher.</param>
    /// <param name="stream">An independent sequence of that seed.</param>
    /// <param name="counter">The place in the sequence.</param>
    /// <returns>The number.</returns>
    public static double Unit(ulong seed, uint stream, ulong counter)
    {
        (uint high, uint low) = Block(seed, stream, counter);
        return ((((ulong)high << 32) | low) >> 11) * (1.0 / (1UL << 53));
    }

    private static (uint High, uint Low) Block(ulong seed, uint stream, ulong counter)
    {
        uint c0 = (uint)counter;
        uint c1 = (uint)(counter >> 32);
        uint c2 = stream;
        uint c3 = 0;
        uint k0 = (uint)seed;
        uint k1 = (uint)(seed >> 32);
        for (int round = 0; round < 10; round++)
        {
            ulong first = (ulong)c0 * 0xD2511F53u;
            ulong second = (ulong)c2 * 0xCD9E8D57u;
            (c0, c1, c2, c3) = ((uint)(second >> 32) ^ c1 ^ k0, (uint)second, (uint)(first >> 32) ^ c3 ^ k1, (uint)first);
            k0 += 0x9E3779B9u;
            k1 += 0xBB67AE85u;
        }

        return (c0, c1);
    }
}
