using SIDReasoner.Core.Tries;
using SIDReasoner.Decoding.Kernels;
using SIDReasoner.TestSupport;
using Xunit;

namespace SIDReasoner.Decoding.Tests;

public sealed class SidBeamSearchTests
{
    public static TheoryData<int> Seeds(int count)
    {
        var data = new TheoryData<int>();
        for (int seed = 0; seed < count; seed++)
        {
            data.Add(seed);
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Seeds), 200)]
    public void Search_AnyCatalogWidthAndMode_EqualsSlowSearch(int seed)
    {
        RandomCatalog catalog = RandomCatalog.Draw(seed, maxItems: seed % 10 == 0 ? 5000 : 400);
        int width = new[] { 1, 2, 3, 10, 50, 200 }[seed % 6];

        foreach (ScoreMode mode in Enum.GetValues<ScoreMode>())
        {
            AssertEqualsSlowSearch(catalog, ScriptedSession.Random(seed), width, mode, allowed: null);
        }
    }

    [Theory]
    [MemberData(nameof(Seeds), 100)]
    public void Search_ManyTies_OrdersByParentThenToken(int seed)
    {
        RandomCatalog catalog = RandomCatalog.Draw(seed, maxItems: 300);

        AssertEqualsSlowSearch(catalog, ScriptedSession.Tied(seed), width: 1 + (seed % 20), ScoreMode.Exact, allowed: null);
        AssertEqualsSlowSearch(catalog, (_, _) => 0.5f, width: 1 + (seed % 20), ScoreMode.Catalog, allowed: null);
    }

    [Theory]
    [MemberData(nameof(Seeds), 100)]
    public void Search_Filtered_EqualsSlowSearchOfTheAllowedItems(int seed)
    {
        RandomCatalog catalog = RandomCatalog.Draw(seed, maxItems: 300);
        var random = new Random(seed);
        double share = new[] { 0.0, 0.02, 0.3, 0.9, 1.0 }[seed % 5];
        bool[] allowed = [.. catalog.Items.Select(_ => random.NextDouble() < share)];

        foreach (ScoreMode mode in Enum.GetValues<ScoreMode>())
        {
            AssertEqualsSlowSearch(catalog, ScriptedSession.Random(seed), width: 1 + (seed % 30), mode, allowed);
        }
    }

    [Fact]
    public void Search_CatalogModeOverOneSid_ReadsNoLogits()
    {
        var trie = SidTrieBuilder.Build([[3, 5, 7], [3, 5, 7]], [3, 5, 7]);
        using var session = new ScriptedSession([3, 5, 7], 8, (_, _) => float.NaN);
        session.AppendTokens([1], StepOutputs.None);
        var search = new SidBeamSearch(trie, new ManagedBeamKernel());
        var results = new Hypothesis[4];
        var options = new SearchOptions { BeamWidth = 4, ScoreMode = ScoreMode.Catalog };

        int found = search.Search(session, options, results);

        Assert.True(search.NeedsNoLogits(options));
        Assert.Equal(1, found);
        Assert.Equal(0f, results[0].Score);
        Assert.Equal(0, session.Forwards);
    }

    [Fact]
    public void Search_CatalogModeAllBeamsDecided_EndsBeforeTheLastLevel()
    {
        // Two first codes, each with one way on: after level 1 nothing is left to decide.
        var trie = SidTrieBuilder.Build([[1, 3, 5], [2, 4, 5]], [1, 2, 3, 4, 5]);
        using var session = new ScriptedSession([1, 2, 3, 4, 5], 6, ScriptedSession.Random(1));
        session.AppendTokens([0], StepOutputs.SidLogits | StepOutputs.LogSumExp);
        var search = new SidBeamSearch(trie, new ManagedBeamKernel());
        var results = new Hypothesis[2];

        search.Search(session, new SearchOptions { BeamWidth = 2, ScoreMode = ScoreMode.Catalog }, results);
        int catalogForwards = search.LastForwardCount;
        session.AppendTokens([0], StepOutputs.SidLogits | StepOutputs.LogSumExp);
        search.Search(session, new SearchOptions { BeamWidth = 2 }, results);

        Assert.Equal(0, catalogForwards);
        Assert.Equal(2, search.LastForwardCount);
    }

    [Fact]
    public void Search_NotANumber_NamesRowAndLevelAndRewinds()
    {
        var trie = SidTrieBuilder.Build([[1, 3], [2, 4]], [1, 2, 3, 4]);
        using var session = new ScriptedSession([1, 2, 3, 4], 5, (path, _) => path.Length == 1 ? float.NaN : 0f);
        session.AppendTokens([0, 0], StepOutputs.SidLogits | StepOutputs.LogSumExp);
        var search = new SidBeamSearch(trie, new ManagedBeamKernel());

        var error = Assert.Throws<InvalidLogitsException>(() => search.Search(session, new SearchOptions { BeamWidth = 2 }, new Hypothesis[2]));

        Assert.Equal(1, error.Depth);
        Assert.Equal(2, session.Length);
        session.AppendTokens([0], StepOutputs.None);
    }

    [Fact]
    public void Search_Cancelled_StopsAtTheNextForwardAndRewinds()
    {
        var trie = SidTrieBuilder.Build([[1, 3], [1, 4], [2, 3], [2, 4]], [1, 2, 3, 4]);
        using var session = new ScriptedSession([1, 2, 3, 4], 5, ScriptedSession.Random(1));
        session.AppendTokens([0], StepOutputs.SidLogits | StepOutputs.LogSumExp);
        var search = new SidBeamSearch(trie, new ManagedBeamKernel());

        Assert.Throws<OperationCanceledException>(() => search.Search(session, new SearchOptions { BeamWidth = 2 }, new Hypothesis[2], new CancellationToken(true)));

        Assert.Equal(0, session.Forwards);
        session.AppendTokens([0], StepOutputs.None);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1025)]
    [InlineData(-1)]
    public void Search_WidthOutOfRange_SaysWhatIsAllowed(int width)
    {
        var trie = SidTrieBuilder.Build([[1, 3]], [1, 3]);
        using var session = new ScriptedSession([1, 3], 4, ScriptedSession.Random(1));
        var search = new SidBeamSearch(trie, new ManagedBeamKernel());

        var error = Assert.Throws<ArgumentException>(() => search.Search(session, new SearchOptions { BeamWidth = width }, new Hypothesis[2000]));

        Assert.Contains("1 to 1024", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Search_AfterTheFirst_AllocatesNothing()
    {
        RandomCatalog catalog = RandomCatalog.Draw(10, maxItems: 5000, ragged: false);
        var trie = SidTrieBuilder.Build(catalog.Items, catalog.Columns);
        using var session = new SilentSession(trie.ColumnCount, catalog.VocabSize, 64);
        var search = new SidBeamSearch(trie, new ManagedBeamKernel());
        var results = new Hypothesis[64];
        var options = new SearchOptions { BeamWidth = 64 };
        var catalogOptions = new SearchOptions { BeamWidth = 64, ScoreMode = ScoreMode.Catalog };
        search.Search(session, options, results);
        search.Search(session, catalogOptions, results);

        long before = GC.GetAllocatedBytesForCurrentThread();
        search.Search(session, options, results);
        search.Search(session, catalogOptions, results);
        long after = GC.GetAllocatedBytesForCurrentThread();

        Assert.Equal(0, after - before);
    }

    private static void AssertEqualsSlowSearch(RandomCatalog catalog, Func<int[], int, float> logit, int width, ScoreMode mode, bool[]? allowed)
    {
        SidTrie trie = SidTrieBuilder.Build(catalog.Items, catalog.Columns);
        SidFilter? filter = allowed is null ? null : SidFilter.Create(trie, item => allowed[item]);
        using var session = new ScriptedSession(catalog.Columns, catalog.VocabSize, logit);
        session.AppendTokens([0], StepOutputs.SidLogits | StepOutputs.LogSumExp);
        var results = new Hypothesis[width];

        int found = new SidBeamSearch(trie, new ManagedBeamKernel())
            .Search(session, new SearchOptions { BeamWidth = width, ScoreMode = mode, Filter = filter }, results);

        IEnumerable<int[]> sids = catalog.Items.Where((_, item) => allowed is null || allowed[item]);
        IReadOnlyList<SlowSearch.Found> expected = SlowSearch.Search(sids, session.Row, session.ReportedLogSumExp, width, mode);
        (string Sid, float Score)[] wanted = [.. expected.Select(item => (string.Join(' ', item.Tokens), item.Score))];
        (string Sid, float Score)[] got = [.. results.Take(found).Select(hypothesis => (string.Join(' ', TokensOf(trie, catalog, hypothesis.SidNumber)), hypothesis.Score))];
        if (mode == ScoreMode.Exact)
        {
            Assert.Equal(wanted, got);
            return;
        }

        // The kernels sum exponentials in float32 and in an order of their own; the slow search in double.
        Assert.Equal(wanted.Select(item => item.Sid), got.Select(item => item.Sid));
        Assert.All(wanted.Zip(got), pair => Assert.Equal(pair.First.Score, pair.Second.Score, 2e-5f));
    }

    private static int[] TokensOf(SidTrie trie, RandomCatalog catalog, int sidNumber)
    {
        var items = new List<int>();
        trie.CopyItems(sidNumber, items);
        return catalog.Items[items[0]];
    }
}
