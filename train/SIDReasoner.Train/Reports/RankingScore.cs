using SIDReasoner.Core.Evaluation;

namespace SIDReasoner.Train.Reports;

/// <summary>The figures of one recommender on one file of rows.</summary>
/// <param name="HitRate">HR@K by K.</param>
/// <param name="Ndcg">NDCG@K by K.</param>
public sealed record RankingScore(IReadOnlyDictionary<int, double> HitRate, IReadOnlyDictionary<int, double> Ndcg)
{
    /// <summary>The cut-offs of every table.</summary>
    public static IReadOnlyList<int> CutOffs { get; } = [1, 3, 5, 10];

    /// <summary>Scores ranks.</summary>
    /// <param name="ranks">Zero-based, -1 = not found; a rank a row.</param>
    /// <returns>The figures.</returns>
    public static RankingScore Of(int[] ranks) => new(
        CutOffs.ToDictionary(k => k, k => RankingMetrics.HitRate(ranks, k)),
        CutOffs.ToDictionary(k => k, k => RankingMetrics.Ndcg(ranks, k)));

    /// <summary>The mean of several runs' figures.</summary>
    /// <param name="scores">At least one.</param>
    /// <returns>The mean of each figure.</returns>
    public static RankingScore Mean(IReadOnlyList<RankingScore> scores) => new(
        CutOffs.ToDictionary(k => k, k => scores.Average(score => score.HitRate[k])),
        CutOffs.ToDictionary(k => k, k => scores.Average(score => score.Ndcg[k])));
}
