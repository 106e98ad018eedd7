using CsCheck;
using SIDReasoner.Core.Tries;
using Xunit;

namespace SIDReasoner.Core.Tests.Tries;

public class SidFilterTests
{
    [Fact]
    public void Create_AnyItems_NodeBitsAreThoseOfAllowedPrefixes() =>
        Gen.Select(CatalogGen.Any(600), Gen.Int[0, 100], Gen.Int[0, 1_000]).Sample(
            (catalog, percent, seed) =>
            {
                using var trie = SidTrieBuilder.Build(catalog.Sids, catalog.Columns);
                var random = new Random(seed);
                var allowed = catalog.Sids.Select(_ => random.Next(100) < percent).ToArray();
                var words = new ulong[(allowed.Length + 63) / 64];
                for (var item = 0; item < allowed.Length; item++)
                    words[item / 64] |= allowed[item] ? 1UL << (item % 64) : 0;

                var byQuestion = SidFilter.Create(trie, item => allowed[item]);
                var byBits = SidFilter.Create(trie, words);
                var byExclusion = SidFilter.AllExcept(trie, [.. Enumerable.Range(0, allowed.Length).Where(item => !allowed[item])]);

                var prefixes = new HashSet<string>(catalog.Sids.Where((_, item) => allowed[item]).SelectMany(sid => Enumerable.Range(0, sid.Length + 1).Select(length => SlowTrie.Key(sid.Take(length)))));
                var sids = catalog.Sids.Where((_, item) => allowed[item]).Select(SlowTrie.Key).Distinct().Count();
                foreach (var filter in new[] { byQuestion, byBits, byExclusion })
                {
                    Assert.Equal(sids, filter.AllowedSidCount);
                    for (var depth = 0; depth <= trie.LevelCount; depth++)
                    {
                        Assert.Equal(byQuestion.Bits(depth), filter.Bits(depth));
                        for (uint node = 0; node < trie.NodeCount(depth); node++)
                        {
                            var tokens = new int[depth];
                            trie.CopyTokens(depth, node, tokens);
                            Assert.Equal(prefixes.Contains(SlowTrie.Key(tokens)), filter.IsAllowed(depth, node));
                        }
                    }
                }
            },
            iter: 100, threads: 2);

    [Fact]
    public void Create_BitsOfAnotherLength_Refused()
    {
        using var trie = SidTrieBuilder.Build([[1], [2]], [1, 2]);

        Assert.Throws<ArgumentException>(() => SidFilter.Create(trie, new ulong[2]));
    }
}
