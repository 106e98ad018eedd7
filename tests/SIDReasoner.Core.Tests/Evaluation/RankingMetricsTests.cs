using SIDReasoner.Core.Evaluation;
using SIDReasoner.Core.Items;
using SIDReasoner.Core.SemanticIds;
using Xunit;

namespace SIDReasoner.Core.Tests.Evaluation;

public class RankingMetricsTests
{
    [Fact]
    public void HitRateAndNdcg_KnownRanks_ByHand()
    {
        int[] ranks = [0, 1, 9, RankingMetrics.NotFound];

        Assert.Equal(0.25, RankingMetrics.HitRate(ranks, 1));
        Assert.Equal(0.75, RankingMetrics.HitRate(ranks, 10));
        Assert.Equal((1 + 1 / Math.Log2(3)) / 4, RankingMetrics.Ndcg(ranks, 9), 15);
        Assert.Equal((1 + 1 / Math.Log2(3) + 1 / Math.Log2(11)) / 4, RankingMetrics.Ndcg(ranks, 10), 15);
        Assert.Throws<ArgumentOutOfRangeException>(() => RankingMetrics.HitRate(ranks, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => RankingMetrics.Ndcg([], 1));
    }

    [Fact]
    public void OfItem_SharedSids_ExpandInCatalogOrderAtTheirFirstPlace()
    {
        SemanticId x = SemanticId.Parse("<x>"), y = SemanticId.Parse("<y>"), unknown = SemanticId.Parse("<z>");
        var catalog = new ItemCatalog([new Item("0", "", x), new Item("1", "", y), new Item("2", "", x)]);
        SemanticId[] ranked = [unknown, x, x, y];

        Assert.Equal([0, 2, 1], Enumerable.Range(0, 3).Select(item => TargetRank.OfItem(ranked, item, catalog)));
        Assert.Equal(1, TargetRank.OfSid(ranked, x));
        Assert.Equal(3, TargetRank.OfSid(ranked, y));
        Assert.Equal(RankingMetrics.NotFound, TargetRank.OfItem([x], 1, catalog));
    }

    [Fact]
    public void Compare_SameRows_DifferenceIntervalAndSeed()
    {
        var random = new Random(1);
        var second = Enumerable.Range(0, 500).Select(_ => random.NextDouble()).ToArray();
        var better = second.Select(value => value + (random.NextDouble() - 0.3) * 0.2).ToArray();

        var result = PairedBootstrap.Compare(better, second, seed: 5, resamples: 2_000);

        var differences = better.Zip(second, (a, b) => a - b).ToList();
        var mean = differences.Average();
        var error = Math.Sqrt(differences.Sum(value => (value - mean) * (value - mean)) / (differences.Count - 1) / differences.Count);
        Assert.Equal(mean, result.Difference, 12);
        Assert.Equal(mean - 1.96 * error, result.Low, error / 5);
        Assert.Equal(mean + 1.96 * error, result.High, error / 5);
        Assert.Equal(1.0 / 2_001, result.ProbabilityNotBetter, 12);
        Assert.Equal(result, PairedBootstrap.Compare(better, second, seed: 5, resamples: 2_000));
        Assert.NotEqual(result, PairedBootstrap.Compare(better, second, seed: 6, resamples: 2_000));
        Assert.Equal(1, PairedBootstrap.Compare(second, better, seed: 5, resamples: 2_000).ProbabilityNotBetter);
    }

    [Fact]
    public void Compare_NoDifference_IsNeverBetter()
    {
        double[] values = [1, 0, 1];

        Assert.Equal(new PairedBootstrap(0, 0, 0, 1), PairedBootstrap.Compare(values, values, seed: 1));
        Assert.Throws<ArgumentException>(() => PairedBootstrap.Compare(values, [1, 0], seed: 1));
        Assert.Throws<ArgumentException>(() => PairedBootstrap.Compare([], [], seed: 1));
    }
}
