using CsCheck;
using SIDReasoner.Core.Tries;
using Xunit;

namespace SIDReasoner.Core.Tests.Tries;

public class SidTrieTests
{
    [Fact]
    public void Build_AnyCatalog_EqualsDictionaryOfPrefixes() =>
        CatalogGen.Any(5_000).Sample(
            catalog =>
            {
                using var trie = SidTrieBuilder.Build(catalog.Sids, catalog.Columns);
                CheckAgainstSlow(trie, catalog);
            },
            iter: 120, threads: 2);

    [Fact]
    public void Build_FlatRows_EqualsArrays() =>
        Gen.Select(Gen.Int[0, 1_000_000], Gen.Int[1, 400], Gen.Int[1, 8]).Sample(
            (seed, items, levels) =>
            {
                var catalog = CatalogGen.Make(seed, items, levels, 30, ragged: false);

                using var fromArrays = SidTrieBuilder.Build(catalog.Sids, catalog.Columns);
                using var fromRows = SidTrieBuilder.Build(catalog.Sids.SelectMany(sid => sid).ToArray(), levels, catalog.Columns);

                Assert.Equal(Bytes(fromArrays), Bytes(fromRows));
            },
            iter: 60, threads: 2);

    [Fact]
    public void Build_OtherItemOrder_SameTreeOtherIndexes()
    {
        var catalog = CatalogGen.Make(5, 300, 4, 12, ragged: true);
        using var trie = SidTrieBuilder.Build(catalog.Sids, catalog.Columns);

        using var reversed = SidTrieBuilder.Build([.. catalog.Sids.Reverse()], catalog.Columns);

        Assert.Equal(trie.SidCount, reversed.SidCount);
        var (items, others) = (new List<int>(), new List<int>());
        for (var sid = 0; sid < trie.SidCount; sid++)
        {
            items.Clear();
            others.Clear();
            trie.CopyItems(sid, items);
            reversed.CopyItems(sid, others);
            Assert.Equal(items, others.Select(item => catalog.Sids.Length - 1 - item).Reverse());
        }
    }

    [Fact]
    public void TryFind_TokensThatLeadNowhere_False()
    {
        using var trie = SidTrieBuilder.Build([[1, 5, 9], [1, 6, 9], [2, 5, 8]], [1, 2, 5, 6, 8, 9]);

        Assert.False(trie.TryFind([3], out _, out _));
        Assert.False(trie.TryFind([1, 8], out var depth, out _));
        Assert.Equal(1, depth);
        Assert.False(trie.TryFind([2, 6], out _, out _));
        Assert.False(trie.TryFind([1, 5, 9, 1], out _, out _));
        Assert.False(trie.TryFind([-1], out _, out _));
        Assert.True(trie.TryFind([], out _, out var root));
        Assert.Equal(0u, root);
    }

    [Fact]
    public void Build_EmptySid_Refused()
    {
        var error = Assert.Throws<SidReasonerException>(() => SidTrieBuilder.Build([[1], []], [1]));

        Assert.Contains("Item 1 has an empty SID", error.Message);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Build_PrefixOfAnother_Refused(bool longerFirst)
    {
        int[][] sids = longerFirst ? [[1, 2, 3], [1, 2]] : [[1, 2], [1, 2, 3]];

        var error = Assert.Throws<SidReasonerException>(() => SidTrieBuilder.Build(sids, [1, 2, 3]));

        Assert.Contains("is a prefix of", error.Message);
    }

    [Fact]
    public void Build_TokenOutsideColumns_Refused()
    {
        var error = Assert.Throws<SidReasonerException>(() => SidTrieBuilder.Build([[1, 2], [1, 7]], [1, 2]));

        Assert.Contains("Item 1 has token id 7 at level 2", error.Message);
    }

    [Fact]
    public void Build_NoItemsOrTooManyLevels_Refused()
    {
        Assert.Throws<SidReasonerException>(() => SidTrieBuilder.Build([], [1]));
        Assert.Throws<SidReasonerException>(() => SidTrieBuilder.Build([[1, 1, 1, 1, 1, 1, 1, 1, 1]], [1]));
        Assert.Throws<SidReasonerException>(() => SidTrieBuilder.Build([[1]], [2, 1]));
        Assert.Throws<SidReasonerException>(() => SidTrieBuilder.Build([[1], [-1]], [1]));
    }

    [Fact]
    public void Children_NodeThatDoesNotExist_Throws()
    {
        using var trie = SidTrieBuilder.Build([[1, 2]], [1, 2]);

        Assert.Throws<ArgumentOutOfRangeException>(() => trie.Children(1, 1, out _, out _));
        Assert.Throws<ArgumentOutOfRangeException>(() => trie.Token(2, 5));
        Assert.Throws<ArgumentOutOfRangeException>(() => trie.FirstItem(1));
        Assert.Throws<ArgumentOutOfRangeException>(() => trie.SidNumberOfItem(1));
    }

    [Fact]
    public void Lookups_InTheSearch_AllocateNothing()
    {
        var catalog = CatalogGen.Make(3, 1_000, 4, 40, ragged: true);
        using var trie = SidTrieBuilder.Build(catalog.Sids, catalog.Columns);
        Walk(trie);

        var before = GC.GetAllocatedBytesForCurrentThread();
        Walk(trie);

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    internal static byte[] Bytes(SidTrie trie)
    {
        using var folder = new TempFolder();
        trie.Save(folder.File("a.sidtrie"), []);
        return File.ReadAllBytes(folder.File("a.sidtrie"));
    }

    internal static void CheckAgainstSlow(SidTrie trie, CatalogGen catalog)
    {
        var slow = new SlowTrie(catalog.Sids);
        Assert.Equal(catalog.Sids.Max(sid => sid.Length), trie.LevelCount);
        Assert.Equal(catalog.Sids.Length, trie.ItemCount);
        Assert.Equal(slow.Items.Count, trie.SidCount);
        Assert.Equal(catalog.Sids.Select(sid => sid.Length).Distinct().Count() > 1, trie.IsRagged);
        Assert.Equal(catalog.Columns, trie.SidColumns.ToArray().Select(id => (int)id));
        var ends = 0;
        Visit(trie, slow, catalog.Columns, 0, 0, [], ref ends);
        Assert.Equal(slow.Items.Count, ends);
        CheckNumbers(trie, catalog, slow);
    }

    private static void Visit(SidTrie trie, SlowTrie slow, int[] columns, int depth, uint node, List<int> path, ref int ends)
    {
        trie.Children(depth, node, out var first, out var end);
        Assert.Equal(slow.Children.TryGetValue(SlowTrie.Key(path), out var tokens) ? tokens : [], Enumerable.Range((int)first, (int)(end - first)).Select(child => (int)trie.Token(depth + 1, (uint)child)));
        Assert.True(end - first <= trie.MaxFanOut(depth));
        Assert.Equal(first == end, trie.IsEnd(depth, node));
        Assert.True(trie.TryFind(path.ToArray(), out var foundDepth, out var found));
        Assert.Equal((depth, node), (foundDepth, found));
        if (first == end)
        {
            ends++;
            var items = new List<int>();
            var number = trie.SidNumber(depth, node);
            trie.CopyItems(number, items);
            Assert.Equal(slow.Items[SlowTrie.Key(path)], items);
            Assert.Equal(items[0], trie.FirstItem(number));
            Assert.Equal(items.Count, trie.ItemCountOf(number));
            trie.FindEnd(number, out var endDepth, out var endNode);
            Assert.Equal((depth, node), (endDepth, endNode));
        }
        else
        {
            Assert.Equal(-1, trie.SidNumber(depth, node));
        }

        for (var child = first; child < end; child++)
        {
            path.Add((int)trie.Token(depth + 1, child));
            Assert.Equal(path[^1], columns[trie.Column(depth + 1, child)]);
            Assert.Equal((uint)path[^1], trie.TokenOf(depth + 1)[trie.RankOf(depth + 1, child)]);
            Assert.Equal(node, trie.Parent(depth + 1, child));
            Visit(trie, slow, columns, depth + 1, child, path, ref ends);
            path.RemoveAt(path.Count - 1);
        }
    }

    private static void CheckNumbers(SidTrie trie, CatalogGen catalog, SlowTrie slow)
    {
        var depths = new List<int>();
        for (var number = 0; number < trie.SidCount; number++)
        {
            trie.FindEnd(number, out var depth, out var node);
            var tokens = new int[depth];
            trie.CopyTokens(depth, node, tokens);
            Assert.Contains(SlowTrie.Key(tokens), slow.Items.Keys);
            depths.Add(depth);
        }

        Assert.Equal(depths.Order(), depths);
        for (var item = 0; item < catalog.Sids.Length; item++)
        {
            var items = new List<int>();
            trie.CopyItems(trie.SidNumberOfItem(item), items);
            Assert.Contains(item, items);
        }
    }

    private static long Walk(SidTrie trie)
    {
        var sum = 0L;
        for (var depth = 0; depth < trie.LevelCount; depth++)
        {
            for (uint node = 0; node < trie.NodeCount(depth); node++)
            {
                trie.Children(depth, node, out var first, out var end);
                for (var child = first; child < end; child++)
                    sum += trie.Token(depth + 1, child) + trie.Column(depth + 1, child) + trie.SidNumber(depth + 1, child) + (trie.IsEnd(depth + 1, child) ? 1 : 0);
            }
        }

        return sum;
    }
}
