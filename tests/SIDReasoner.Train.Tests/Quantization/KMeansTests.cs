using SIDReasoner.Train.Quantization;

namespace SIDReasoner.Train.Tests.Quantization;

public class KMeansTests
{
    [Fact]
    public void Fit_ThreeClouds_FindsEach()
    {
        double[] rows = Clouds(300, [(0, 0), (10, 0), (0, 10)]);

        KMeansResult result = KMeans.Fit(rows, 2, new KMeansOptions { ClusterCount = 3, Restarts = 3 });

        for (int i = 0; i < result.Labels.Length; i++)
        {
            Assert.Equal(result.Labels[i % 3], result.Labels[i]);
        }

        Assert.Equal(3, result.Labels.Distinct().Count());
    }

    [Fact]
    public void Fit_SameSeed_GivesSameBits()
    {
        double[] rows = Clouds(500, [(0, 0), (1, 0), (0, 1), (1, 1), (2, 2)]);
        var options = new KMeansOptions { ClusterCount = 16, Restarts = 2, Seed = 7 };

        Assert.Equal(KMeans.Fit(rows, 2, options).Centers, KMeans.Fit(rows, 2, options).Centers);
    }

    [Fact]
    public void Fit_MoreRestarts_IsNeverWorse()
    {
        double[] rows = Clouds(400, [(0, 0), (3, 0), (0, 3), (3, 3), (6, 6), (9, 1)]);

        double one = KMeans.Fit(rows, 2, new KMeansOptions { ClusterCount = 6, Restarts = 1 }).Inertia;
        double five = KMeans.Fit(rows, 2, new KMeansOptions { ClusterCount = 6, Restarts = 5 }).Inertia;

        Assert.True(five <= one);
    }

    [Fact]
    public void Fit_FewerRowsThanClusters_GivesEachRowItsOwn()
    {
        KMeansResult result = KMeans.Fit(new double[] { 1, 5, 9 }, 1, new KMeansOptions { ClusterCount = 8 });

        Assert.Equal(3, result.Centers.Length);
        Assert.Equal(0, result.Inertia, 12);
    }

    [Fact]
    public void Fit_EqualRows_LeavesNoCenterEmptyOrInfinite()
    {
        KMeansResult result = KMeans.Fit(new double[] { 4, 4, 4, 4, 4, 8 }, 1, new KMeansOptions { ClusterCount = 4 });

        Assert.All(result.Centers, center => Assert.True(double.IsFinite(center)));
        Assert.Equal(0, result.Inertia, 12);
    }

    [Fact]
    public void Refine_CenterWithoutRows_MovesToTheFarthestRow()
    {
        KMeansResult result = KMeans.Refine(new double[] { 0, 1, 20 }, 1, [0.5, 1000], maxIterations: 10, tolerance: 0);

        Assert.Equal([0.5, 20], result.Centers);
        Assert.Equal([0, 0, 1], result.Labels);
    }

    [Fact]
    public void Fit_NoRows_IsRefused() =>
        Assert.Throws<ArgumentException>(() => KMeans.Fit(Array.Empty<double>(), 2, new KMeansOptions()));

    [Fact]
    public void Refine_PartOfARow_IsRefused() =>
        Assert.Throws<ArgumentException>(() => KMeans.Refine(new double[] { 1, 2, 3 }, 2, [0, 0], 1, 0));

    [Fact]
    public void Refine_MoreCentersThanRows_IsRefused() =>
        Assert.Throws<ArgumentException>(() => KMeans.Refine(new double[] { 1, 2 }, 2, [0, 0, 1, 1], 1, 0));

    // Row i lies within 0.5 of center i % centers.
    private static double[] Clouds(int count, (double X, double Y)[] centers)
    {
        var random = new SplitMixRandom(1, "clouds");
        double[] rows = new double[count * 2];
        for (int i = 0; i < count; i++)
        {
            rows[2 * i] = centers[i % centers.Length].X + random.NextDouble() - 0.5;
            rows[(2 * i) + 1] = centers[i % centers.Length].Y + random.NextDouble() - 0.5;
        }

        return rows;
    }
}
