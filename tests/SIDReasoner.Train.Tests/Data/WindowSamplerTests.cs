using SIDReasoner.Train.Data;

namespace SIDReasoner.Train.Tests.Data;

public sealed class WindowSamplerTests
{
    private static readonly WindowSamplerOptions Options = new() { Seed = 3, BatchSize = 4, WindowItems = 4, BosToken = 0 };

    [Theory]
    [InlineData(2)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(7)]
    [InlineData(23)]
    public void Epoch_AnyChainLength_TrainsEveryItemButTheFirstOnce(int length)
    {
        int[][] chain = [.. Enumerable.Range(1, length).Select(item => new[] { item, 100 + item })];
        var sampler = new WindowSampler([chain], Options);

        for (int epoch = 0; epoch < 20; epoch++)
        {
            IReadOnlyList<WindowBatch> batches = sampler.Epoch(epoch);

            long[] targets = [.. batches.SelectMany(batch => batch.LossTargets).Order()];
            Assert.Equal(chain.Skip(1).SelectMany(item => item).Select(token => (long)token).Order(), targets);
            Assert.Equal(sampler.BatchesPerEpoch, batches.Count);
        }
    }

    [Fact]
    public void Epoch_Batch_PredictsEachTokenFromThoseBeforeIt()
    {
        var sampler = new WindowSampler([[[1, 2], [3, 4]], [[5, 6], [7, 8], [9, 10]]], Options);

        WindowBatch batch = Assert.Single(sampler.Epoch(0));

        long[][] rows = [.. batch.Tokens.Chunk(batch.Length)];
        Assert.Equal(6, batch.Length);
        Assert.Contains([0, 5, 6, 7, 8, 9], rows);
        Assert.Contains([0, 1, 2, 3, 4, 0], rows);
        for (int i = 0; i < batch.LossRows.Length; i++)
        {
            long position = batch.LossRows[i];
            Assert.Equal(batch.LossTargets[i] - 1, batch.Tokens[position]); // tokens count upwards along each chain
        }
    }

    [Fact]
    public void Epoch_SameSeed_SameBatchesWhateverRanBefore()
    {
        int[][][] chains = [.. Enumerable.Range(0, 30).Select(c => Enumerable.Range(0, 2 + c % 9).Select(i => new[] { 10 * c + i }).ToArray())];
        var first = new WindowSampler(chains, Options with { ItemDropout = 0.2, ShuffleProbability = 0.5 });
        var second = new WindowSampler(chains, Options with { ItemDropout = 0.2, ShuffleProbability = 0.5 });
        first.Epoch(0);

        Assert.Equal(first.Epoch(5).Select(b => string.Join(' ', b.Tokens)), second.Epoch(5).Select(b => string.Join(' ', b.Tokens)));
        Assert.NotEqual(first.Epoch(5).Select(b => string.Join(' ', b.Tokens)), second.Epoch(6).Select(b => string.Join(' ', b.Tokens)));
    }

    [Fact]
    public void Epoch_Shuffled_KeepsEachItemsTokensTogether()
    {
        var sampler = new WindowSampler([[[1, 2], [3, 4], [5, 6]]], Options with { ShuffleProbability = 1 });
        var orders = new HashSet<string>();

        for (int epoch = 0; epoch < 50; epoch++)
        {
            WindowBatch batch = Assert.Single(sampler.Epoch(epoch));
            long[] tokens = [.. batch.Tokens, batch.LossTargets[^1]];
            Assert.Equal([1L, 2, 3, 4, 5, 6], tokens.Skip(1).Order());
            Assert.All(Enumerable.Range(0, 3), item => Assert.Equal(tokens[2 * item + 1] + 1, tokens[2 * item + 2]));
            orders.Add(string.Join(' ', tokens));
        }

        Assert.Equal(6, orders.Count);
    }
}
