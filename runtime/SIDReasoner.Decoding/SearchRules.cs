using SIDReasoner.Core.Tries;

namespace SIDReasoner.Decoding;

/// <summary>What every search asks of its arguments, with one wording.</summary>
internal static class SearchRules
{
    /// <summary>Checks width, room for results and the session's columns.</summary>
    /// <exception cref="ArgumentException">What was found and expected.</exception>
    public static void Check(IDecoderSession session, SearchOptions options, Span<Hypothesis> results, SidTrie trie)
    {
        if (options.BeamWidth is < 1 or > SearchOptions.MaxBeamWidth)
        {
            throw new ArgumentException($"BeamWidth is {options.BeamWidth}; expected 1 to {SearchOptions.MaxBeamWidth}.", nameof(options));
        }

        if (results.Length < options.BeamWidth)
        {
            throw new ArgumentException($"results holds {results.Length}; expected at least the beam width, {options.BeamWidth}.", nameof(results));
        }

        if (session.SidColumnCount != trie.ColumnCount)
        {
            throw new ArgumentException($"The session has {session.SidColumnCount} SID columns; the trie names {trie.ColumnCount}.", nameof(session));
        }
    }
}
