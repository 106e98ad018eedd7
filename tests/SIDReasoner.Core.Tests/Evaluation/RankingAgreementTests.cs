using SIDReasoner.Core.Evaluation;
using SIDReasoner.Core.SemanticIds;
using Xunit;

namespace SIDReasoner.Core.Tests.Evaluation;

public class RankingAgreementTests
{
    [Fact]
    public void Compare_TwoRows_ByHand()
    {
        ScoredSid[][] first = [[At("<a>", -1), At("<b>", -2), At("<c>", -3)], [At("<a>", -1)]];
        ScoredSid[][] second = [[At("<b>", -1.5f), At("<a>", -2), At("<d>", -4)], [At("<a>", -1)]];

        var three = RankingAgreement.Compare(first, second, k: 3);
        var one = RankingAgreement.Compare(first, second, k: 1);

        Assert.Equal(new RankingAgreement(2, (2 / 3.0 + 1) / 2, 0.5, 1, (1 + 0.5 + 0) / 3), three);
        Assert.Equal(new RankingAgreement(2, 0.5, 0.5, 0, 0), one);
    }

    [Fact]
    public void Compare_AnyLists_MatchesSets()
    {
        for (var seed = 0; seed < 300; seed++)
            AssertMatchesSets(seed);
    }

    [Fact]
    public void Compare_OtherNumberOfRows_IsRefused()
    {
        Assert.Throws<ArgumentException>(() => RankingAgreement.Compare([[At("<a>", -1)]], [], k: 10));
        Assert.Throws<ArgumentException>(() => RankingAgreement.Compare([], [], k: 10));
        Assert.Throws<ArgumentOutOfRangeException>(() => RankingAgreement.Compare([[At("<a>", -1)]], [[At("<a>", -1)]], k: 0));
    }

    private static void AssertMatchesSets(int seed)
    {
        var random = new Random(seed);
        int rows = random.Next(1, 6), k = random.Next(1, 8);
        ScoredSid[][] first = Lists(random, rows), second = Lists(random, rows);

        var found = RankingAgreement.Compare(first, second, k);

        var pairs = first.Zip(second, (a, b) => (First: a.Take(k).ToArray(), Second: b.Take(k).ToArray())).ToList();
        var distances = pairs
            .SelectMany(pair => pair.First.Join(pair.Second, a => a.Sid, b => b.Sid, (a, b) => Math.Abs((double)a.Score - b.Score)))
            .DefaultIfEmpty(0)
            .ToList();
        Assert.Equal(rows, found.Rows);
        Assert.Equal(pairs.Average(pair => Share(pair.First, pair.Second)), found.Overlap, 12);
        Assert.Equal(pairs.Average(pair => Equals(pair.First.FirstOrDefault().Sid, pair.Second.FirstOrDefault().Sid) ? 1.0 : 0), found.SameFirst, 12);
        Assert.Equal(distances.Max(), found.LargestScoreDifference, 12);
        Assert.Equal(distances.Average(), found.MeanScoreDifference, 12);
        Assert.Equal(found, RankingAgreement.Compare(second, first, k) with { MeanScoreDifference = found.MeanScoreDifference });
    }

    private static double Share(ScoredSid[] first, ScoredSid[] second) => first.Length == 0 && second.Length == 0
        ? 1
        : first.Select(a => a.Sid).Intersect(second.Select(b => b.Sid)).Count() / (double)Math.Max(first.Length, second.Length);

    private static ScoredSid[][] Lists(Random random, int rows) =>
        [.. Enumerable.Range(0, rows).Select(_ => Enumerable.Range(0, 9).OrderBy(_ => random.Next()).Take(random.Next(0, 9)).Select(i => At($"<a_{i}>", -(float)random.NextDouble())).ToArray())];

    private static ScoredSid At(string sid, float score) => new(SemanticId.Parse(sid), score);
}
