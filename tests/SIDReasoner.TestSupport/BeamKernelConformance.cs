using SIDReasoner.Core.Tries;
using SIDReasoner.Decoding;
using SIDReasoner.Decoding.Kernels;
using Xunit;

namespace SIDReasoner.TestSupport;

/// <summary>What every selection kernel must do: the slow search's lists, the managed kernel's bits. A test class a kernel derives from it.</summary>
public abstract class BeamKernelConformance
{
    // Reference has a search of its own, which no kernel takes part in.
    private static readonly ScoreMode[] s_modes = [ScoreMode.Exact, ScoreMode.Catalog];

    /// <summary>Theory rows.</summary>
    /// <param name="count">Seeds 0 to count - 1.</param>
    /// <returns>One row a seed.</returns>
    public static TheoryData<int> Seeds(int count) => [.. Enumerable.Range(0, count)];

    [SkippableTheory]
    [MemberData(nameof(Seeds), 200)]
    public void Search_AnyCatalogWidthAndMode_EqualsSlowSearch(int seed)
    {
        RandomCatalog catalog = RandomCatalog.Draw(seed, maxItems: seed % 10 == 0 ? 5000 : 400);
        int width = new[] { 1, 2, 3, 10, 50, 200 }[seed % 6];

        foreach (ScoreMode mode in s_modes)
        {
            AssertEqualsSlowSearch(catalog, ScriptedSession.Random(seed), width, mode, allowed: null);
        }
    }

    [SkippableTheory]
    [MemberData(nameof(Seeds), 100)]
    public void Search_ManyTies_OrdersByParentThenToken(int seed)
    {
        RandomCatalog catalog = RandomCatalog.Draw(seed, maxItems: 300);

        AssertEqualsSlowSearch(catalog, ScriptedSession.Tied(seed), width: 1 + (seed % 20), ScoreMode.Exact, allowed: null);
        AssertEqualsSlowSearch(catalog, (_, _) => 0.5f, width: 1 + (seed % 20), ScoreMode.Catalog, allowed: null);
    }

    [SkippableTheory]
    [MemberData(nameof(Seeds), 100)]
    public void Search_Filtered_EqualsSlowSearchOfTheAllowedItems(int seed)
    {
        RandomCatalog catalog = RandomCatalog.Draw(seed, maxItems: 300);
        var random = new Random(seed);
        double share = new[] { 0.0, 0.02, 0.3, 0.9, 1.0 }[seed % 5];
        bool[] allowed = [.. catalog.Items.Select(_ => random.NextDouble() < share)];

        foreach (ScoreMode mode in s_modes)
        {
            AssertEqualsSlowSearch(catalog, ScriptedSession.Random(seed), width: 1 + (seed % 30), mode, allowed);
        }
    }

    /// <summary>Several requests of different widths at once, filters, ended beams, ties, every element type: down to the leaves, step by step.</summary>
    [SkippableTheory]
    [MemberData(nameof(Seeds), 300)]
    public void Advance_RaggedBatch_GivesTheManagedKernelsBits(int seed)
    {
        IBeamKernel kernel = CreateKernel();
        using var run = new KernelRun(seed);

        run.Descend(kernel);
    }

    /// <summary>One kernel object over many catalogues and filters, as a lane uses it: nothing of a former call may show.</summary>
    [SkippableFact]
    public void Advance_OneKernelManyCatalogs_GivesTheManagedKernelsBits()
    {
        IBeamKernel kernel = CreateKernel();
        for (int seed = 1000; seed < 1060; seed++)
        {
            using var run = new KernelRun(seed);
            run.Descend(kernel);
        }
    }

    /// <summary>A logit that is no number: row, level and column are named, and the session is as it was.</summary>
    [SkippableTheory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    public void Search_NotANumber_NamesRowAndLevelAndRewinds(float bad)
    {
        SidTrie trie = SidTrieBuilder.Build([[1, 3], [2, 4]], [1, 2, 3, 4]);
        using var session = new ScriptedSession([1, 2, 3, 4], 5, (path, token) => path.Length == 1 && token == 4 ? bad : 0f);
        session.AppendTokens([0, 0], StepOutputs.SidLogits | StepOutputs.LogSumExp);
        var search = new SidBeamSearch(trie, CreateKernel());

        var error = Assert.Throws<InvalidLogitsException>(() => search.Search(session, new SearchOptions { BeamWidth = 2, ScoreMode = ScoreMode.Exact }, new Hypothesis[2]));

        Assert.Equal(1, error.Depth);
        Assert.Equal(2, session.Length);
        session.AppendTokens([0], StepOutputs.None);
    }

    /// <summary>A log-sum-exp that is no number is refused although no logit is at fault.</summary>
    [SkippableTheory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    [InlineData(float.NegativeInfinity)]
    public unsafe void Advance_SumNotFinite_NamesTheRow(float bad)
    {
        SidTrie trie = SidTrieBuilder.Build([[1, 3], [2, 4]], [1, 2, 3, 4]);
        float* numbers = stackalloc float[5] { 0, 1, 2, 3, bad };
        var sidLogits = new LogitsView((nint)numbers, TensorElementType.Float32, DeviceKind.Cpu, 1, 4);
        var logSumExp = new LogitsView((nint)(numbers + 4), TensorElementType.Float32, DeviceKind.Cpu, 1, 1);
        var beams = new BeamBatch();
        beams.Reset([2]);
        IBeamKernel kernel = CreateKernel();

        var error = Assert.Throws<InvalidLogitsException>(() => kernel.Advance(trie, sidLogits, logSumExp, [], beams));

        Assert.Equal((0, -1, 0), (error.Row, error.Column, error.Depth));
    }

    /// <summary>Arguments that disagree are refused in the same words, and nothing changes.</summary>
    [SkippableFact]
    public void Advance_ArgumentsDisagree_SaysWhatWasFoundAndChangesNothing()
    {
        IBeamKernel kernel = CreateKernel();
        SidTrie trie = SidTrieBuilder.Build([[1, 3], [2, 4]], [1, 2, 3, 4]);
        var beams = new BeamBatch();
        beams.Reset([2]);
        var wide = new LogitsView(8, TensorElementType.Float32, DeviceKind.Cpu, 1, 5);
        var onDevice = new LogitsView(8, TensorElementType.Float32, DeviceKind.Cuda, 1, 4);
        var good = new LogitsView(8, TensorElementType.Float32, DeviceKind.Cpu, 1, 4);

        Assert.Contains("5 columns", Assert.Throws<ArgumentException>(() => kernel.Advance(trie, wide, LogitsView.Empty, [], beams)).Message, StringComparison.Ordinal);
        Assert.Contains("device", Assert.Throws<ArgumentException>(() => kernel.Advance(trie, onDevice, LogitsView.Empty, [], beams)).Message, StringComparison.Ordinal);
        Assert.Contains("2 filters", Assert.Throws<ArgumentException>(() => kernel.Advance(trie, good, LogitsView.Empty, [null, null], beams)).Message, StringComparison.Ordinal);
        beams.Rows[0] = 3;
        Assert.Contains("row 3", Assert.Throws<ArgumentException>(() => kernel.Advance(trie, good, LogitsView.Empty, [], beams)).Message, StringComparison.Ordinal);
        Assert.Equal((0, 1, 0u, 0f), (beams.Depth, beams.Count(0), beams.Nodes[0], beams.Scores[0]));
    }

    [SkippableFact]
    public void Search_AfterTheFirst_AllocatesNothing()
    {
        RandomCatalog catalog = RandomCatalog.Draw(10, maxItems: 5000, ragged: false);
        SidTrie trie = SidTrieBuilder.Build(catalog.Items, catalog.Columns);
        using var session = new SilentSession(trie.ColumnCount, catalog.VocabSize, 64);
        var search = new SidBeamSearch(trie, CreateKernel());
        var results = new Hypothesis[64];
        var filter = SidFilter.Create(trie, item => item % 3 != 0);
        SearchOptions[] options = [new() { BeamWidth = 64 }, new() { BeamWidth = 64, ScoreMode = ScoreMode.Catalog }, new() { BeamWidth = 64, Filter = filter }];
        Array.ForEach(options, each => search.Search(session, each, results));

        long before = GC.GetAllocatedBytesForCurrentThread();
        foreach (SearchOptions each in options)
        {
            search.Search(session, each, results);
        }

        long after = GC.GetAllocatedBytesForCurrentThread();

        Assert.Equal(0, after - before);
    }

    /// <summary>A kernel of the kind under test; skips where this machine has none.</summary>
    /// <returns>A new kernel.</returns>
    protected abstract IBeamKernel CreateKernel();

    private void AssertEqualsSlowSearch(RandomCatalog catalog, Func<int[], int, float> logit, int width, ScoreMode mode, bool[]? allowed)
    {
        SidTrie trie = SidTrieBuilder.Build(catalog.Items, catalog.Columns);
        SidFilter? filter = allowed is null ? null : SidFilter.Create(trie, item => allowed[item]);
        using var session = new ScriptedSession(catalog.Columns, catalog.VocabSize, logit);
        session.AppendTokens([0], StepOutputs.SidLogits | StepOutputs.LogSumExp);
        var results = new Hypothesis[width];

        int found = new SidBeamSearch(trie, CreateKernel())
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
