using SIDReasoner.Core.Tries;
using SIDReasoner.Decoding.Kernels;

namespace SIDReasoner.Decoding;

/// <summary>
/// Exact beam search over the catalogue's SIDs: level by level the W best continuations of all beams, held to the trie, scored by
/// the model. One code for evaluation in training, for rewards and for serving.
/// </summary>
/// <remarks>
/// The search of a level is one <see cref="IBeamKernel.Advance"/> and, where beams go on, one
/// <see cref="IDecoderSession.AppendBeams"/>; the root's logits come with the prompt, so L levels cost L - 1 forwards. In
/// <see cref="ScoreMode.Catalog"/> a beam whose node leads to one (allowed) SID is decided: its remaining steps add 0, so it keeps
/// its score and competes without a row, and when every beam is decided the search ends. A forced step with a choice further down
/// keeps its row, since later rows attend to it.
/// A SID that has ended above the last level keeps its place as a beam and competes. Every SID is found at most once, fewer than W
/// where the (filtered) catalogue has fewer. Equal scores order by parent, then token id.
/// Allocates nothing once it has seen the largest width. One instance serves one thread; the trie may be shared.
/// Source: SIDReasoner (arXiv 2603.23183), constrained beam search over the catalogue; docs/architecture.md has packed beams.
/// </remarks>
public sealed class SidBeamSearch
{
    private const int Live = -1;

    private readonly SidTrie _trie;
    private readonly IBeamKernel _kernel;
    private readonly BeamBatch _beams = new();
    private readonly SidFilter?[] _filter = new SidFilter?[1];
    private readonly int[] _width = new int[1];

    private int[] _sidNumbers = [];
    private int[] _formerSidNumbers = [];
    private int[] _formerRows = [];
    private int[] _rowTokens = [];
    private int[] _rowParents = [];

    /// <summary>Makes a search over one catalogue.</summary>
    /// <param name="trie">The catalogue's trie; shared, not owned.</param>
    /// <param name="kernel">The selection step; owned by this search's thread.</param>
    public SidBeamSearch(SidTrie trie, IBeamKernel kernel)
    {
        ArgumentNullException.ThrowIfNull(trie);
        ArgumentNullException.ThrowIfNull(kernel);
        _trie = trie;
        _kernel = kernel;
    }

    /// <summary>Forwards that the last search ran, for tests and traces: at most L - 1.</summary>
    public int LastForwardCount { get; private set; }

    /// <summary>What a session must compute at the prompt's last token for a mode.</summary>
    /// <param name="mode">The score mode.</param>
    /// <returns>The outputs to ask for.</returns>
    public static StepOutputs OutputsFor(ScoreMode mode) =>
        mode == ScoreMode.Catalog ? StepOutputs.SidLogits : StepOutputs.SidLogits | StepOutputs.LogSumExp;

    /// <summary>The most beam rows that a search of this width can put into the cache.</summary>
    /// <param name="beamWidth">Beams kept (W).</param>
    /// <returns>The sum over the inner levels of the smaller of W and the level's nodes.</returns>
    public int RowsNeeded(int beamWidth)
    {
        long rows = 0;
        for (int depth = 1; depth < _trie.LevelCount; depth++)
        {
            rows += Math.Min(beamWidth, _trie.NodeCount(depth));
        }

        return checked((int)rows);
    }

    /// <summary>Whether the answer is known before any forward: <see cref="ScoreMode.Catalog"/> over at most one allowed SID.</summary>
    /// <param name="options">The search's options.</param>
    /// <returns>True when <see cref="Search"/> reads no logits.</returns>
    public bool NeedsNoLogits(SearchOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return IsEmpty(options.Filter) || (options.ScoreMode == ScoreMode.Catalog && DecidedSid(0, 0, options.Filter) != Live);
    }

    /// <summary>Ranks the catalogue's SIDs after the text in a session.</summary>
    /// <param name="session">
    /// Holds the text, with the outputs of <see cref="OutputsFor"/> computed at its last token. Afterwards it holds the same
    /// text, whatever happened; the last token's outputs are no longer valid.
    /// </param>
    /// <param name="options">Width, mode and filter.</param>
    /// <param name="results">Receives the ranking, best first; at least W long.</param>
    /// <param name="cancellation">Checked before each forward.</param>
    /// <returns>How many results were written: at most W, fewer where fewer SIDs are allowed.</returns>
    /// <exception cref="ArgumentException"><see cref="ScoreMode.Reference"/>, width out of range, results too short, or the session's columns are not the trie's; nothing is written.</exception>
    /// <exception cref="InvalidLogitsException">The model gave no number; nothing is written.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; nothing is written.</exception>
    public int Search(IDecoderSession session, SearchOptions options, Span<Hypothesis> results, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(session);
        ArgumentNullException.ThrowIfNull(options);
        if (options.ScoreMode == ScoreMode.Reference)
        {
            throw new ArgumentException($"ScoreMode is {ScoreMode.Reference}; {nameof(ReferenceBeamSearch)} knows it, this search the others.", nameof(options));
        }

        SearchRules.Check(session, options, results, _trie);
        Reserve(options.BeamWidth);
        LastForwardCount = 0;

        SidFilter? filter = options.Filter;
        if (IsEmpty(filter))
        {
            return 0;
        }

        _width[0] = options.BeamWidth;
        _beams.Reset(_width);
        bool skipsDecided = options.ScoreMode == ScoreMode.Catalog;
        _sidNumbers[0] = skipsDecided ? DecidedSid(0, 0, filter) : Live;
        if (_sidNumbers[0] != Live)
        {
            results[0] = new Hypothesis(_sidNumbers[0], 0f);
            return 1;
        }

        int length = session.Length;
        _filter[0] = filter;
        try
        {
            Descend(session, options, skipsDecided, cancellation);
        }
        catch (InvalidLogitsException error)
        {
            throw error.In(session);
        }
        finally
        {
            session.Rewind(length);
            _filter[0] = null;
        }

        int found = _beams.Count(0);
        for (int beam = 0; beam < found; beam++)
        {
            results[beam] = new Hypothesis(_sidNumbers[beam], _beams.Scores[beam]);
        }

        return found;
    }

    private void Descend(IDecoderSession session, SearchOptions options, bool skipsDecided, CancellationToken cancellation)
    {
        StepOutputs outputs = OutputsFor(options.ScoreMode);
        ReadOnlySpan<SidFilter?> filters = options.Filter is null ? [] : _filter;
        while (true)
        {
            int former = _beams.Count(0);
            _sidNumbers.AsSpan(0, former).CopyTo(_formerSidNumbers);
            _beams.Rows[..former].CopyTo(_formerRows);
            LogitsView sidLogits = session.SidLogits;
            LogitsView logSumExp = options.ScoreMode == ScoreMode.Exact ? session.LogSumExp : LogitsView.Empty;
            _kernel.Advance(_trie, sidLogits, logSumExp, filters, _beams);

            int rows = 0;
            for (int beam = 0; beam < _beams.Count(0); beam++)
            {
                int parent = _beams.Parents[beam];
                if (_beams.Tokens[beam] == BeamBatch.NoToken)
                {
                    _sidNumbers[beam] = _formerSidNumbers[parent];
                    _beams.Rows[beam] = BeamBatch.NoRow;
                    continue;
                }

                uint node = _beams.Nodes[beam];
                int depth = _beams.Depth;
                int sid = _trie.IsEnd(depth, node) ? _trie.SidNumber(depth, node)
                    : skipsDecided ? DecidedSid(depth, node, options.Filter) : Live;
                _sidNumbers[beam] = sid;
                if (sid != Live)
                {
                    _beams.Rows[beam] = BeamBatch.NoRow;
                    continue;
                }

                _rowTokens[rows] = _beams.Tokens[beam];
                _rowParents[rows] = depth == 1 ? -1 : _formerRows[parent];
                _beams.Rows[beam] = rows++;
            }

            if (rows == 0)
            {
                return;
            }

            cancellation.ThrowIfCancellationRequested();
            session.AppendBeams(_rowTokens.AsSpan(0, rows), _rowParents.AsSpan(0, rows), outputs);
            LastForwardCount++;
        }
    }

    /// <summary>The number of the one allowed SID below a node, or <see cref="Live"/> where there is a choice.</summary>
    private int DecidedSid(int depth, uint node, SidFilter? filter)
    {
        while (!_trie.IsEnd(depth, node))
        {
            _trie.Children(depth, node, out uint first, out uint end);
            uint only = first;
            if (filter is null)
            {
                if (end - first != 1)
                {
                    return Live;
                }
            }
            else
            {
                int allowed = 0;
                for (uint child = first; child < end && allowed < 2; child++)
                {
                    if (filter.IsAllowed(depth + 1, child))
                    {
                        only = child;
                        allowed++;
                    }
                }

                if (allowed != 1)
                {
                    return Live;
                }
            }

            depth++;
            node = only;
        }

        return _trie.SidNumber(depth, node);
    }

    private static bool IsEmpty(SidFilter? filter) => filter is not null && filter.AllowedSidCount == 0;

    private void Reserve(int width)
    {
        if (_sidNumbers.Length < width)
        {
            _sidNumbers = new int[width];
            _formerSidNumbers = new int[width];
            _formerRows = new int[width];
            _rowTokens = new int[width];
            _rowParents = new int[width];
        }
    }
}
