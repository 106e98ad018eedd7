namespace SIDReasoner.Core.Evaluation;

/// <summary>How sure a difference of two systems' means on the same rows is.</summary>
/// <param name="Difference">Mean of the first minus mean of the second, on all rows.</param>
/// <param name="Low">2.5th percentile of the resampled difference.</param>
/// <param name="High">97.5th percentile.</param>
/// <param name="ProbabilityNotBetter">Share of resamples in which the first is not better: a one-sided p-value, at least 1 / (resamples + 1).</param>
/// <remarks>Rows are drawn with replacement, the same ones for both systems. Source: Efron and Tibshirani, An Introduction to the Bootstrap (1993), chapters 13 and 15.</remarks>
public sealed record PairedBootstrap(double Difference, double Low, double High, double ProbabilityNotBetter)
{
    /// <summary>Resamples the rows.</summary>
    /// <param name="first">A value a row, such as <see cref="RankingMetrics.Gain"/>.</param>
    /// <param name="second">The other system's values on the same rows.</param>
    /// <param name="seed">Decides the resamples; the same seed gives the same result on every machine.</param>
    /// <param name="resamples">Default 10,000; at least 100.</param>
    /// <exception cref="ArgumentException">The systems have different numbers of rows, or none.</exception>
    public static PairedBootstrap Compare(ReadOnlySpan<double> first, ReadOnlySpan<double> second, ulong seed, int resamples = 10_000)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(resamples, 100);
        if (first.Length != second.Length || first.IsEmpty)
            throw new ArgumentException($"{first.Length} and {second.Length} rows; expected as many, and at least one.", nameof(second));
        var differences = new double[first.Length];
        for (var row = 0; row < differences.Length; row++)
            differences[row] = first[row] - second[row];
        var means = new double[resamples];
        var state = seed;
        var notBetter = 0;
        for (var resample = 0; resample < resamples; resample++)
        {
            var sum = 0.0;
            for (var draw = 0; draw < differences.Length; draw++)
                sum += differences[Next(ref state, differences.Length)];
            means[resample] = sum / differences.Length;
            if (means[resample] <= 0)
                notBetter++;
        }

        Array.Sort(means);
        return new PairedBootstrap(
            differences.Average(), Percentile(means, 0.025), Percentile(means, 0.975), (notBetter + 1.0) / (resamples + 1));
    }

    private static double Percentile(double[] sorted, double share)
    {
        var place = share * (sorted.Length - 1);
        var below = (int)place;
        var above = Math.Min(below + 1, sorted.Length - 1);
        return sorted[below] + (place - below) * (sorted[above] - sorted[below]);
    }

    /// <summary>SplitMix64, reduced to 0 to <paramref name="limit"/> - 1 by multiplication (Lemire): the bias is below 2^-32.</summary>
    private static int Next(ref ulong state, int limit)
    {
        state += 0x9E3779B97F4A7C15;
        var mixed = state;
        mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9;
        mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB;
        mixed ^= mixed >> 31;
        return (int)((UInt128)mixed * (uint)limit >> 64);
    }
}
