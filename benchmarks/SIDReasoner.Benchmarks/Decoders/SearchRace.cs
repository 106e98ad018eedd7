using SIDReasoner.Benchmarks.Packed;
using SIDReasoner.Core.Tries;
using SIDReasoner.Decoding;
using SIDReasoner.Decoding.Kernels;

namespace SIDReasoner.Benchmarks.Decoders;

/// <summary>Whole requests: a prompt, then 50 beams down the catalogue, by the same search and kernel over everyone's session.</summary>
internal sealed class SearchRace(SidTrie trie, int[] prompt, int beams)
{
    private readonly SidBeamSearch _search = new(trie, new ManagedBeamKernel());
    private readonly Hypothesis[] _results = new Hypothesis[beams];

    /// <summary>Runs a request.</summary>
    /// <returns>The ranking.</returns>
    public Hypothesis[] Request(IDecoderSession session, ScoreMode mode)
    {
        session.Rewind(0);
        session.AppendTokens(prompt, SidBeamSearch.OutputsFor(mode));
        int found = _search.Search(session, new SearchOptions { BeamWidth = beams, ScoreMode = mode }, _results);
        return _results[..found];
    }

    /// <summary>Milliseconds of the prompt and of the levels.</summary>
    public double[] Time(IDecoderSession session, ScoreMode mode)
    {
        session.Rewind(0);
        double prefill = Rounds.Time(() => session.AppendTokens(prompt, SidBeamSearch.OutputsFor(mode)));
        double levels = Rounds.Time(() => _search.Search(session, new SearchOptions { BeamWidth = beams, ScoreMode = mode }, _results));
        return [prefill + levels, prefill, levels];
    }

    /// <summary>Milliseconds of the prompt once a beam and of the levels over a copied cache.</summary>
    public double[] Time(PrefillPerBeamSearch usual)
    {
        double prefill = Rounds.Time(() => usual.Prefill(prompt));
        double levels = Rounds.Time(() => usual.Search());
        return [prefill + levels, prefill, levels];
    }

    /// <summary>Two lists are one: as many SIDs, each of the one in the other, scores apart by at most the tolerance.</summary>
    public static void Require(string who, IReadOnlyList<Hypothesis> expected, IReadOnlyList<Hypothesis> actual, float tolerance)
    {
        var scores = expected.ToDictionary(found => found.SidNumber, found => found.Score);
        float last = expected[^1].Score;

        // A SID as good as the last one may change places with it.
        bool holds = expected.Count == actual.Count
            && actual.All(found => scores.TryGetValue(found.SidNumber, out float score) ? Math.Abs(score - found.Score) <= tolerance : found.Score - last <= tolerance);
        if (!holds)
        {
            throw new InvalidOperationException($"{who} found another list of {actual.Count} SIDs; expected {expected.Count}, scores within {tolerance}. Nothing was timed.");
        }
    }

    /// <summary>SIDs in both lists, in percent of the first.</summary>
    public static double Overlap(IReadOnlyList<Hypothesis> expected, IReadOnlyList<Hypothesis> actual) =>
        100.0 * expected.Select(found => found.SidNumber).Intersect(actual.Select(found => found.SidNumber)).Count() / expected.Count;
}
