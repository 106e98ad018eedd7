using SIDReasoner.Core.Tries;
using SIDReasoner.Decoding.Kernels;
using SIDReasoner.TestSupport;
using Xunit;

namespace SIDReasoner.Decoding.Tests;

public sealed class ReferenceBeamSearchTests
{
    public static TheoryData<int> Seeds => [.. Enumerable.Range(0, 400)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Search_AnyCatalogWidthAndFilter_EqualsTransformersRules(int seed)
    {
        RandomCatalog catalog = seed % 2 == 0 ? RandomCatalog.Draw(seed, maxItems: 120) : Ragged(seed);
        var random = new Random(seed);
        bool[]? allowed = seed % 3 == 0 ? [.. catalog.Items.Select(_ => random.NextDouble() < 0.4)] : null;
        int[] end = [catalog.VocabSize, catalog.VocabSize + 1];
        Func<int[], int, float> plain = seed % 4 == 0 ? ScriptedSession.Tied(seed) : ScriptedSession.Random(seed);

        // Ends from unlikely to likely: shorter SIDs are put aside, or fall out, while longer ones live.
        float Logit(int[] path, int token) => plain(path, token) + (token >= end[0] ? (seed % 7) - 2 : 0);
        int width = new[] { 1, 2, 3, 7, 20, 60 }[seed % 6];
        using SidTrie trie = SidTrieBuilder.Build(catalog.Items, catalog.Columns);
        using var session = new ScriptedSession(catalog.Columns, catalog.VocabSize + 2, Logit, endTokens: end);
        session.AppendTokens([0], SidBeamSearch.OutputsFor(ScoreMode.Reference));
        var results = new Hypothesis[width];
        var search = new ReferenceBeamSearch(trie, end[0]);

        int found = search.Search(session, Options(width) with { Filter = allowed is null ? null : SidFilter.Create(trie, item => allowed[item]) }, results);

        IReadOnlyList<SlowSearch.Found> expected = SlowReference.Search(
            catalog.Items.Where((_, item) => allowed is null || allowed[item]), end, session.Row, session.ReportedLogSumExp, width);
        Assert.Equal(
            expected.Select(sid => (string.Join(' ', sid.Tokens), sid.Score)),
            results.Take(found).Select(hypothesis => (string.Join(' ', catalog.Items[trie.FirstItem(hypothesis.SidNumber)]), hypothesis.Score)));
        Assert.Equal(1, session.Length);
        Assert.InRange(session.Forwards, 0, trie.LevelCount + 1);
        session.AppendTokens([0], StepOutputs.None);
    }

    [Fact]
    public void Search_EndOfTurnLikelierThanNewline_OnlyTheirSumOrders()
    {
        // Two SIDs; the second is likelier by itself, the first once newline and end of turn are scored.
        using SidTrie trie = SidTrieBuilder.Build([[1], [2]], [1, 2]);
        using var session = new ScriptedSession([1, 2], 5, (path, token) => (path, token) switch
        {
            ([], 2) => 1f,
            ([1], 3) => 4f,
            _ => 0f,
        }, endTokens: [3, 4]);
        var results = new Hypothesis[2];
        session.AppendTokens([0], SidBeamSearch.OutputsFor(ScoreMode.Reference));

        int found = new ReferenceBeamSearch(trie, 3).Search(session, Options(2), results);

        Assert.Equal(2, found);
        Assert.Equal([0, 1], results.Select(hypothesis => hypothesis.SidNumber));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void Search_NotANumber_NamesTheLevelAndRewinds(int depth)
    {
        using SidTrie trie = SidTrieBuilder.Build([[1, 3], [2, 4]], [1, 2, 3, 4]);
        using var session = new ScriptedSession([1, 2, 3, 4], 7, (path, _) => path.Length == depth ? float.NaN : 0f, endTokens: [5, 6]);
        session.AppendTokens([0, 0], SidBeamSearch.OutputsFor(ScoreMode.Reference));

        var error = Assert.Throws<InvalidLogitsException>(() => new ReferenceBeamSearch(trie, 5).Search(session, Options(2), new Hypothesis[2]));

        Assert.Equal(depth, error.Depth);
        Assert.Equal(2, session.Length);
        session.AppendTokens([0], StepOutputs.None);
    }

    [Fact]
    public void Search_CancelledOrModelWithoutEnd_SaysSoAndRewinds()
    {
        using SidTrie trie = SidTrieBuilder.Build([[1, 3], [2, 4]], [1, 2, 3, 4]);
        using var session = new ScriptedSession([1, 2, 3, 4], 7, ScriptedSession.Random(1));
        var search = new ReferenceBeamSearch(trie, 5);
        session.AppendTokens([0], SidBeamSearch.OutputsFor(ScoreMode.Reference));

        Assert.Throws<OperationCanceledException>(() => search.Search(session, Options(2), new Hypothesis[2], new CancellationToken(true)));
        session.AppendTokens([0], SidBeamSearch.OutputsFor(ScoreMode.Reference));
        var error = Assert.Throws<ArgumentException>(() => search.Search(session, Options(2), new Hypothesis[2]));

        Assert.Contains("newline and end of turn", error.Message, StringComparison.Ordinal);
        Assert.Equal(2, session.Length);
        session.AppendTokens([0], StepOutputs.None);
    }

    [Fact]
    public void Search_ModeOfTheOtherSearch_NamesTheRightOne()
    {
        using SidTrie trie = SidTrieBuilder.Build([[1, 3]], [1, 3]);
        using var session = new ScriptedSession([1, 3], 6, ScriptedSession.Random(1), endTokens: [4, 5]);

        var one = Assert.Throws<ArgumentException>(() => new ReferenceBeamSearch(trie, 4).Search(session, new SearchOptions(), new Hypothesis[10]));
        var other = Assert.Throws<ArgumentException>(() => new SidBeamSearch(trie, new ManagedBeamKernel()).Search(session, Options(10), new Hypothesis[10]));

        Assert.Contains(nameof(SidBeamSearch), one.Message, StringComparison.Ordinal);
        Assert.Contains(nameof(ReferenceBeamSearch), other.Message, StringComparison.Ordinal);
    }

    /// <summary>Few codes and depths from 1 to 5, none more frequent than another.</summary>
    private static RandomCatalog Ragged(int seed)
    {
        const int Levels = 5, Codes = 3;
        var random = new Random(seed);
        var items = new List<int[]>();
        for (int attempt = 0; attempt < 60; attempt++)
        {
            int[] sid = [.. Enumerable.Range(0, random.Next(1, Levels + 1)).Select(level => 1 + (level * Codes) + random.Next(Codes))];
            bool clashes = items.Any(other => other.Take(sid.Length).SequenceEqual(sid.Take(other.Length)) && other.Length != sid.Length);
            if (!clashes)
            {
                items.Add(sid);
            }
        }

        return new RandomCatalog { Items = items, Columns = [.. Enumerable.Range(1, Levels * Codes)], VocabSize = 1 + (Levels * Codes) };
    }

    private static SearchOptions Options(int width) => new() { BeamWidth = width, ScoreMode = ScoreMode.Reference };
}
