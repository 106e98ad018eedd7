using SIDReasoner.Decoding;
using SIDReasoner.Decoding.Kernels;
using SIDReasoner.Train.Evaluation;
using SIDReasoner.Train.Model;

namespace SIDReasoner.Train.Tests.Evaluation;

public sealed class BatchedSidSearchTests
{
    [Theory]
    [InlineData(3, 1)]
    [InlineData(3, 7)]
    [InlineData(3, 50)]
    [InlineData(4, 7)]
    [InlineData(4, 50)]
    public void Search_ManyPrompts_EqualsTheSearchOfServingOneByOne(int depth, int width)
    {
        var shop = new TinyShop(depth);
        using DecoderModel model = DecoderModel.Create(shop.Config, seed: 1, deviation: 0.5);
        using var trie = shop.Catalog.BuildTrie(shop.Vocabulary);
        using var batched = new BatchedSidSearch(model, trie, width);
        using var session = new TorchDecoderSession(model, shop.Vocabulary.TokenIds, capacity: 16, maxBeamRows: 256);
        var single = new SidBeamSearch(trie, new ManagedBeamKernel());
        int[][] prompts = [.. Enumerable.Range(0, 5).Select(i => (int[])[TinyShop.Bos, 3 + i, 4 + i, 5 + i])];

        Hypothesis[][] found = batched.Search(prompts);

        for (int i = 0; i < prompts.Length; i++)
        {
            var expected = new Hypothesis[width];
            session.Rewind(0);
            session.AppendTokens(prompts[i], SidBeamSearch.OutputsFor(ScoreMode.Exact));
            int count = single.Search(session, new SearchOptions { BeamWidth = width }, expected);
            Assert.Equal(expected.Take(count).Select(h => h.SidNumber), found[i].Select(h => h.SidNumber));
            Assert.All(expected.Take(count).Zip(found[i]), pair => Assert.Equal(pair.First.Score, pair.Second.Score, 1e-4f));
        }
    }
}
