namespace SIDReasoner.Core.Evaluation;

/// <summary>HR@K and NDCG@K over the ranks of one relevant item a row.</summary>
/// <remarks>A rank is the place of the target in the answer from 0, or <see cref="NotFound"/>. Recall@K is HR@K here. Source: SIDReasoner, calc.py.</remarks>
public static class RankingMetrics
{
    /// <summary>The rank of a target that the answer does not have.</summary>
    public const int NotFound = -1;

    /// <summary>Share of rows whose target is among the first K: 1 where rank is 0 to K - 1.</summary>
    /// <param name="ranks">A rank a row; at least one.</param>
    /// <param name="k">At least 1.</param>
    public static double HitRate(ReadOnlySpan<int> ranks, int k) => Mean(ranks, k, static (rank, k) => Hit(rank, k));

    /// <summary>Mean of 1 / log2(rank + 2) over rows whose target is among the first K, 0 for the others. The ideal is 1.</summary>
    /// <param name="ranks">A rank a row; at least one.</param>
    /// <param name="k">At least 1.</param>
    public static double Ndcg(ReadOnlySpan<int> ranks, int k) => Mean(ranks, k, static (rank, k) => Gain(rank, k));

    /// <summary>What one row adds to <see cref="HitRate"/>: 0 or 1.</summary>
    public static double Hit(int rank, int k) => rank >= 0 && rank < k ? 1 : 0;

    /// <summary>What one row adds to <see cref="Ndcg"/>: 0 to 1.</summary>
    public static double Gain(int rank, int k) => rank >= 0 && rank < k ? 1 / Math.Log2(rank + 2) : 0;

    private static double Mean(ReadOnlySpan<int> ranks, int k, Func<int, int, double> value)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(k, 1);
        ArgumentOutOfRangeException.ThrowIfZero(ranks.Length, nameof(ranks));
        var sum = 0.0;
        foreach (var rank in ranks)
            sum += value(rank, k);
        return sum / ranks.Length;
    }
}
