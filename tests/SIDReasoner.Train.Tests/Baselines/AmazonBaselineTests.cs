using System.Globalization;
using SIDReasoner.Core.Evaluation;
using SIDReasoner.Core.Items;
using SIDReasoner.Train.Baselines;

namespace SIDReasoner.Train.Tests.Baselines;

/// <summary>The floors that the data's README gives, on every shared test row: HR@1, HR@3, HR@5, HR@10, NDCG@10 of items.</summary>
public class AmazonBaselineTests
{
    private const double Tolerance = 0.002;

    [SkippableTheory]
    [InlineData("Office_Products", "0.0044 0.0190 0.0275 0.0408 0.0202")]
    [InlineData("Industrial_and_Scientific", "0.0298 0.0469 0.0471 0.0550 0.0430")]
    public void Popular_FittedOnTrain_MatchesTheFloor(string category, string floor)
    {
        AmazonData data = AmazonData.Load(category);

        AssertNear(floor, ItemMetrics(new PopularBaseline(data.Catalog.Items.Count), data, data.Train));
    }

    [SkippableTheory]
    [InlineData("Office_Products", false, "0.0701 0.0918 0.0985 0.1095 0.0891")]
    [InlineData("Office_Products", true, "0.0726 0.1015 0.1127 0.1230 0.0978")]
    [InlineData("Industrial_and_Scientific", false, "0.0662 0.0974 0.1071 0.1240 0.0942")]
    [InlineData("Industrial_and_Scientific", true, "0.0709 0.1054 0.1175 0.1376 0.1031")]
    public void Markov_FittedOnTrainAndValid_MatchesTheFloor(string category, bool withValid, string floor)
    {
        AmazonData data = AmazonData.Load(category);
        IReadOnlyList<Interaction> rows = withValid ? [.. data.Train, .. data.Valid] : data.Train;

        AssertNear(floor, ItemMetrics(new MarkovBaseline(data.Catalog.Items.Count), data, rows));
    }

    [SkippableTheory]
    [InlineData("Office_Products", "0.0788 0.1193 0.1328 0.1500 0.1138")]
    [InlineData("Industrial_and_Scientific", "0.0858 0.1163 0.1332 0.1565 0.1181")]
    public void Suite_FittedOnTrainAndValid_HasAStrongNeighborBaseline(string category, string published)
    {
        AmazonData data = AmazonData.Load(category);

        IReadOnlyList<IBaseline> suite = BaselineSuite.Fit(data.Catalog, data.Train, data.Valid, fitsOnValidToo: true);

        AssertNear(published, Metrics(BaselineRanks.Compute(suite[2], data.Catalog, data.Test, 10).Sids));
    }

    private static double[] ItemMetrics(IBaseline baseline, AmazonData data, IReadOnlyList<Interaction> rows)
    {
        baseline.Fit(rows);
        return Metrics(BaselineRanks.Compute(baseline, data.Catalog, data.Test, 10).Items);
    }

    private static double[] Metrics(int[] ranks) =>
    [
        RankingMetrics.HitRate(ranks, 1), RankingMetrics.HitRate(ranks, 3), RankingMetrics.HitRate(ranks, 5), RankingMetrics.HitRate(ranks, 10),
        RankingMetrics.Ndcg(ranks, 10),
    ];

    private static void AssertNear(string expected, double[] actual)
    {
        double[] numbers = [.. expected.Split(' ').Select(number => double.Parse(number, CultureInfo.InvariantCulture))];
        string found = string.Join(' ', actual.Select(value => value.ToString("F4", CultureInfo.InvariantCulture)));
        Assert.True(numbers.Zip(actual).All(pair => Math.Abs(pair.First - pair.Second) <= Tolerance), $"expected {expected}, found {found}");
    }
}
