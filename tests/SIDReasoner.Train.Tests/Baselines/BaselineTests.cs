using SIDReasoner.Core.Items;
using SIDReasoner.Core.SemanticIds;
using SIDReasoner.Train.Baselines;

namespace SIDReasoner.Train.Tests.Baselines;

public class BaselineTests
{
    // u buys 0 1 2 3, a row each; v buys 4 1 2; w buys 0 3.
    private static readonly Interaction[] s_rows =
    [
        new("u", [0], 1), new("u", [0, 1], 2), new("u", [0, 1, 2], 3),
        new("v", [4, 1], 2),
        new("w", [0], 3),
    ];

    [Fact]
    public void Popular_Targets_OrderByCountThenIndex()
    {
        var baseline = new PopularBaseline(6);
        baseline.Fit(s_rows);

        Assert.Equal([2, 3, 1, 0, 4, 5], baseline.Recommend([0], 10));
    }

    [Fact]
    public void Markov_LastItem_ComesBeforePopularOnes()
    {
        var baseline = new MarkovBaseline(6);
        baseline.Fit(s_rows);

        // After 0 came 1 and 3 once each; 3 is the more popular. 2 is the most popular of the rest.
        Assert.Equal([3, 1, 2, 0], baseline.Recommend([2, 0], 4));
    }

    [Fact]
    public void Markov_CountingHistories_KnowsStepsWithoutARow()
    {
        Interaction[] rows = [new("u", [5, 4], 3)];
        var targetsOnly = new MarkovBaseline(6);
        var all = new MarkovBaseline(6, countsHistories: true);
        targetsOnly.Fit(rows);
        all.Fit(rows);

        Assert.Equal(3, targetsOnly.Recommend([5], 1)[0]);
        Assert.Equal(4, all.Recommend([5], 1)[0]);
    }

    [Fact]
    public void Knn_Cosine_MatchesTheFormula()
    {
        var baseline = new ItemKnnBaseline(6, ItemKnnOptions.Cosine);
        baseline.Fit(s_rows);

        // History 4, 0: chains hold 0 twice, 1 twice, 2 twice, 3 twice, 4 once.
        // from 0 (weight 1): 1 -> 1/2, 2 -> 1/2, 3 -> 2/2; from 4 (weight .7): 1 -> 1/sqrt2, 2 -> 1/sqrt2.
        // so 3 = 1.0, 1 = 2 = .5 + .495 = .995, and 2 is the more popular of those.
        Assert.Equal([3, 2, 1], baseline.Recommend([4, 0], 3));
    }

    [Fact]
    public void Knn_Directed_DoesNotLookBack()
    {
        var baseline = new ItemKnnBaseline(6);
        baseline.Fit([new Interaction("u", [0], 1), new Interaction("v", [2], 0), new Interaction("w", [3], 3)]);

        Assert.Equal(1, baseline.Recommend([0], 1)[0]);
        Assert.Equal(0, baseline.Recommend([1], 1)[0]);
    }

    [Fact]
    public void Recommend_EmptyHistory_IsPopularity()
    {
        IBaseline[] baselines = [new PopularBaseline(6), new MarkovBaseline(6), new ItemKnnBaseline(6)];
        foreach (IBaseline baseline in baselines)
        {
            baseline.Fit(s_rows);

            Assert.Equal([2, 3, 1, 0, 4, 5], baseline.Recommend([], 6));
        }
    }

    [Fact]
    public void Recommend_AnyHistory_GivesEachItemOnce()
    {
        IBaseline[] baselines = [new PopularBaseline(6), new MarkovBaseline(6), new ItemKnnBaseline(6)];
        foreach (IBaseline baseline in baselines)
        {
            baseline.Fit(s_rows);

            Assert.Equal(Enumerable.Range(0, 6), baseline.Recommend([4, 1, 0], 100).Order());
        }
    }

    [Fact]
    public void Fit_Again_ForgetsTheEarlierRows()
    {
        var baseline = new MarkovBaseline(6);
        baseline.Fit(s_rows);
        baseline.Fit([new Interaction("x", [0], 5)]);

        Assert.Equal([5, 0, 1, 2, 3, 4], baseline.Recommend([0], 6));
    }

    [Fact]
    public void Compute_ItemsThatShareASid_CountAsHitsForSidsOnly()
    {
        ItemCatalog catalog = Catalog("<a_0>", "<a_1>", "<a_2>", "<a_2>", "<a_3>", "<a_4>");
        var baseline = new PopularBaseline(6);
        baseline.Fit(s_rows);

        // Most popular: 2, 3, 1, 0, 4, 5; their SIDs: a_2, a_1, a_0, a_3, a_4.
        BaselineRanks ranks = BaselineRanks.Compute(baseline, catalog, [new("x", [0], 3), new("x", [0], 1), new("x", [0], 5)], k: 4);

        Assert.Equal([0, 1, -1], ranks.Sids);
        Assert.Equal([1, 2, -1], ranks.Items);
    }

    [Fact]
    public void Fit_Suite_PicksWhatDoesBestOnTheValidRows()
    {
        ItemCatalog catalog = Catalog("<a_0>", "<a_1>", "<a_2>", "<a_3>", "<a_4>", "<a_5>");
        Interaction[] train = [new("u", [5, 4], 3), new("v", [5, 4], 3)];

        IReadOnlyList<IBaseline> suite = BaselineSuite.Fit(catalog, train, [new("w", [5], 4)], fitsOnValidToo: false);

        Assert.Equal(["most popular", "last-item Markov", "history item-kNN"], suite.Select(baseline => baseline.Name));
        Assert.Equal(4, suite[1].Recommend([5], 1)[0]);
    }

    private static ItemCatalog Catalog(params string[] sids) =>
        new(sids.Select((sid, index) => new Item($"{index}", $"item {index}", SemanticId.Parse(sid))).ToList());
}
