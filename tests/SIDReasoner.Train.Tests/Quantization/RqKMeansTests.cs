using SIDReasoner.Core;
using SIDReasoner.Train.Quantization;

namespace SIDReasoner.Train.Tests.Quantization;

public class RqKMeansTests
{
    [Fact]
    public void Fit_RandomRows_GivesEveryItemItsOwnSid()
    {
        double[] rows = RandomRows(400, 8);

        RqKMeansResult result = RqKMeans.Fit(rows, 8, new RqKMeansOptions { CodesPerLevel = 8 });

        Assert.True(result.CollidingItems > 0);
        Assert.InRange(result.MovedItems, 1, result.CollidingItems - 1);
        Assert.Equal(400, result.ToSemanticIds().Distinct().Count());
        Assert.All(result.Codes, code => Assert.InRange(code, 0, 7));
    }

    [Fact]
    public void Fit_MovedItems_KeepTheirPrefixWhereItHasRoom()
    {
        // Two equal rows collide whatever the codebooks are; the later one moves, in the last level alone.
        double[] rows = [.. RandomRows(50, 4), 0.3, 0.1, 0.2, 0.4, 0.3, 0.1, 0.2, 0.4];

        RqKMeansResult result = RqKMeans.Fit(rows, 4, new RqKMeansOptions { CodesPerLevel = 16 });
        int[] plain = result.Codebooks.Encode(rows);

        Assert.Equal(plain[150..153], result.Codes[150..153]);
        Assert.Equal(plain[153..155], result.Codes[153..155]);
        Assert.NotEqual(plain[155], result.Codes[155]);
    }

    [Fact]
    public void Fit_MoreEqualItemsThanOnePrefixHolds_SpillsIntoNeighbors()
    {
        double[] rows = new double[60 * 2];
        Array.Fill(rows, 0.5);
        rows[0] = 0.9;

        RqKMeansResult result = RqKMeans.Fit(rows, 2, new RqKMeansOptions { CodesPerLevel = 4 });

        Assert.Equal(60, result.ToSemanticIds().Distinct().Count());
    }

    [Fact]
    public void Fit_AsManyItemsAsSids_UsesThemAll()
    {
        RqKMeansResult result = RqKMeans.Fit(new double[27], 1, new RqKMeansOptions { CodesPerLevel = 3 });

        Assert.Equal(27, result.ToSemanticIds().Distinct().Count());
    }

    [Fact]
    public void Fit_MoreItemsThanSids_SaysSo()
    {
        var exception = Assert.Throws<SidReasonerException>(() => RqKMeans.Fit(new double[28], 1, new RqKMeansOptions { CodesPerLevel = 3 }));

        Assert.Contains("28 items", exception.Message, StringComparison.Ordinal);
        Assert.Contains("27", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Fit_CollisionsKept_MatchesTheCodebooks()
    {
        double[] rows = RandomRows(100, 4);

        RqKMeansResult result = RqKMeans.Fit(rows, 4, new RqKMeansOptions { CodesPerLevel = 4, ResolvesCollisions = false });

        Assert.Equal(result.Codebooks.Encode(rows), result.Codes);
        Assert.Equal(0, result.MovedItems);
    }

    [Fact]
    public void Fit_MoreLevels_ReconstructsBetter()
    {
        double[] rows = RandomRows(200, 6);

        double[] errors = Enumerable.Range(1, 4).Select(levels =>
        {
            ResidualCodebooks books = RqKMeans.Fit(rows, 6, new RqKMeansOptions { LevelCount = levels, CodesPerLevel = 8, ResolvesCollisions = false }).Codebooks;
            return rows.Zip(books.Reconstruct(books.Encode(rows)), (x, y) => (x - y) * (x - y)).Sum();
        }).ToArray();

        Assert.Equal(errors.OrderDescending(), errors);
        Assert.Equal(4, errors.Distinct().Count());
    }

    [Fact]
    public void ToSemanticIds_Codes_AreSpelledAsTheReferenceDoes()
    {
        var books = new ResidualCodebooks(1, [[1.0], [1.0], [1.0]]);

        var sids = new RqKMeansResult([12, 3, 7, 0, 255, 1], books, 0, 0).ToSemanticIds();

        Assert.Equal(["<a_12><b_3><c_7>", "<a_0><b_255><c_1>"], sids.Select(sid => sid.ToString()));
    }

    private static double[] RandomRows(int count, int width)
    {
        var random = new SplitMixRandom(3, "rows");
        return Enumerable.Range(0, count * width).Select(_ => random.NextDouble()).ToArray();
    }
}
