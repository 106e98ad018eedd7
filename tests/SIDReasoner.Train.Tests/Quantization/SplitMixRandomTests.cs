using SIDReasoner.Train.Quantization;

namespace SIDReasoner.Train.Tests.Quantization;

public class SplitMixRandomTests
{
    [Fact]
    public void NextBits_SeedAndStream_FixTheNumbers()
    {
        var random = new SplitMixRandom(0, "test");

        // Written down once; a change here changes every generated shop and codebook.
        Assert.Equal((2535000603169472004UL, 7331917960853168246UL), (random.NextBits(), random.NextBits()));
    }

    [Fact]
    public void NextInt_ManyDraws_AreSpreadEvenly()
    {
        var random = new SplitMixRandom(5, "spread");
        int[] counts = new int[7];

        for (int i = 0; i < 70_000; i++)
        {
            counts[random.NextInt(7)]++;
        }

        Assert.All(counts, count => Assert.InRange(count, 9_600, 10_400));
    }

    [Fact]
    public void Permutation_AnyCount_HoldsEachNumberOnce() =>
        Assert.Equal(Enumerable.Range(0, 100), new SplitMixRandom(1, "permutation").Permutation(100).Order());

    [Fact]
    public void NextDouble_ManyDraws_StayBelowOne()
    {
        var random = new SplitMixRandom(2, "doubles");

        double[] values = Enumerable.Range(0, 10_000).Select(_ => random.NextDouble()).ToArray();

        Assert.All(values, value => Assert.InRange(value, 0, 1 - 1e-16));
        Assert.InRange(values.Average(), 0.49, 0.51);
    }

    [Fact]
    public void Constructor_OtherStreamOrSeed_GivesOtherNumbers()
    {
        ulong[] firsts = [new SplitMixRandom(0, "a").NextBits(), new SplitMixRandom(0, "b").NextBits(), new SplitMixRandom(1, "a").NextBits()];

        Assert.Equal(3, firsts.Distinct().Count());
    }
}
