using SIDReasoner.Core.Tries;
using SIDReasoner.Decoding.Kernels;
using SIDReasoner.TestSupport;
using Xunit;

namespace SIDReasoner.Decoding.Tests;

public sealed class SidBeamSearchTests
{
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
}
