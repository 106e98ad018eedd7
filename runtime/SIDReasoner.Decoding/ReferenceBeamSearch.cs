using SIDReasoner.Core.Tries;

namespace SIDReasoner.Decoding;

/// <summary>
/// The search of <see cref="ScoreMode.Reference"/>: what transformers' <c>generate</c> ranks under a prefix function that allows every SID
/// followed by newline and end of turn, both of which are scored. For comparing with published numbers, not for serving.
/// </summary>
/// <remarks>
/// Every step costs log-softmax over the whole vocabulary. Of all continuations of the live beams the best 2W count; those among the first W
/// that end the turn are put aside, the best W of the others live on. The search stops when W are aside or none lives, and the best W put aside are the
/// ranking (num_beams = num_return_sequences = W, length_penalty 0, early_stopping true). A turn ends for at most W beams a step, so
/// the best W others are always among the 2W. Where fewer than W SIDs are allowed, transformers fills up with repetitions; these are left out.
/// For SIDs of one depth this is a plain beam search of depth + 2 steps: L + 1 forwards.
/// Selection is managed and sorts all candidates. One instance serves one thread; the trie may be shared.
/// Source: SIDReasoner (arXiv 2603.23183), evaluation.
/// </remarks>
public sealed class ReferenceBeamSearch
{
    private const int Newline = 0;
    private const int EndOfTurn = 1;

    private readonly SidTrie _trie;
    private readonly int _newlineToken;
    private readonly List<Beam> _live = [];
    private readonly List<Candidate> _candidates = [];
    private readonly List<Hypothesis> _aside = [];

    /// <summary>Makes a search over one catalogue.</summary>
    /// <param name="trie">The catalogue's trie; shared, not owned.</param>
    /// <param name="newlineToken">Id of the newline that follows a SID.</param>
    public ReferenceBeamSearch(SidTrie trie, int newlineToken)
    {
        ArgumentNullException.ThrowIfNull(trie);
        ArgumentOutOfRangeException.ThrowIfNegative(newlineToken);
        _trie = trie;
        _newlineToken = newlineToken;
    }

    private enum Step
    {
        Code,
        Newline,
        EndOfTurn,
    }

    /// <summary>The most beam rows that a search of this width can put into the cache.</summary>
    /// <param name="beamWidth">Beams kept (W).</param>
    /// <returns>One call a level and one for the newline, each of at most W rows and at most as many as there are SIDs.</returns>
    public int RowsNeeded(int beamWidth) => checked((_trie.LevelCount + 1) * Math.Min(beamWidth, _trie.SidCount));

    /// <summary>Ranks the catalogue's SIDs after the text in a session.</summary>
    /// <param name="session">
    /// Holds the text, with SID logits and log-sum-exp computed at its last token, and gives <see cref="IDecoderSession.EndLogits"/>. Afterwards it
    /// holds the same text, whatever happened; the last token's outputs are no longer valid.
    /// </param>
    /// <param name="options">Width and filter; the mode is <see cref="ScoreMode.Reference"/>.</param>
    /// <param name="results">Receives the ranking, best first; at least W long. Scores include newline and end of turn.</param>
    /// <param name="cancellation">Checked before each forward.</param>
    /// <returns>How many results were written: at most W, fewer where fewer SIDs are allowed.</returns>
    /// <exception cref="ArgumentException">Another mode, width out of range, results too short, or the session's columns are not the trie's; nothing is written.</exception>
    /// <exception cref="InvalidLogitsException">The model gave no number; nothing is written.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; nothing is written.</exception>
    public int Search(IDecoderSession session, SearchOptions options, Span<Hypothesis> results, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(session);
        ArgumentNullException.ThrowIfNull(options);
        if (options.ScoreMode != ScoreMode.Reference)
        {
            throw new ArgumentException($"ScoreMode is {options.ScoreMode}; this search knows {ScoreMode.Reference}, {nameof(SidBeamSearch)} the others.", nameof(options));
        }

        SearchRules.Check(session, options, results, _trie);
        _aside.Clear();
        _live.Clear();
        if (options.Filter is { AllowedSidCount: 0 })
        {
            return 0;
        }

        _live.Add(new Beam(0f, Step.Code, 0, 0));
        int length = session.Length;
        try
        {
            while (true)
            {
                Continue(session, options.Filter);
                Select(options.BeamWidth);
                if (_aside.Count >= options.BeamWidth || _live.Count == 0)
                {
                    break;
                }

                cancellation.ThrowIfCancellationRequested();
                Forward(session);
            }
        }
        catch (InvalidLogitsException error)
        {
            throw error.In(session);
        }
        finally
        {
            session.Rewind(length);
        }

        // OrderBy is stable: equal scores stay in the order in which they were put aside.
        int found = 0;
        foreach (Hypothesis hypothesis in _aside.OrderByDescending(hypothesis => hypothesis.Score).Take(options.BeamWidth))
        {
            results[found++] = hypothesis;
        }

        return found;
    }

    /// <summary>All continuations of all live beams. Beam i reads row i of the session's outputs.</summary>
    private void Continue(IDecoderSession session, SidFilter? filter)
    {
        ReadOnlySpan<float> logSumExp = session.LogSumExp.AsSpan();
        ReadOnlySpan<float> sids = session.SidLogits.AsSpan();
        ReadOnlySpan<float> ends = session.EndLogits.AsSpan();
        _candidates.Clear();
        for (int parent = 0; parent < _live.Count; parent++)
        {
            Beam beam = _live[parent];
            if (!float.IsFinite(logSumExp[parent]))
            {
                throw new InvalidLogitsException(parent, -1, beam.Depth, logSumExp[parent]);
            }

            if (beam.Next != Step.Code)
            {
                if (ends.Length < 2 * (parent + 1))
                {
                    throw new ArgumentException("The session gives no logits of newline and end of turn; score mode Reference needs a model that knows their ids.", nameof(session));
                }

                float logit = ends[(2 * parent) + (beam.Next == Step.Newline ? Newline : EndOfTurn)];
                Offer(parent, beam.Node, logit, logSumExp[parent], -1);
                continue;
            }

            _trie.Children(beam.Depth, beam.Node, out uint first, out uint end);
            for (uint child = first; child < end; child++)
            {
                if (filter is null || filter.IsAllowed(beam.Depth + 1, child))
                {
                    int column = _trie.Column(beam.Depth + 1, child);
                    Offer(parent, child, sids[(parent * session.SidColumnCount) + column], logSumExp[parent], column);
                }
            }
        }
    }

    private void Offer(int parent, uint node, float logit, float logSumExp, int column)
    {
        float score = _live[parent].Score + (logit - logSumExp);
        if (!(score <= float.MaxValue))
        {
            throw new InvalidLogitsException(parent, column, _live[parent].Depth, logit);
        }

        if (score != float.NegativeInfinity)
        {
            _candidates.Add(new Candidate(score, parent, node));
        }
    }

    /// <summary>Puts aside what ends among the first W, and lets the best W of the rest live on.</summary>
    private void Select(int width)
    {
        // Children are numbered in order of their token ids, so the node orders ties as the token does.
        _candidates.Sort(static (one, other) =>
            one.Score != other.Score ? other.Score.CompareTo(one.Score)
            : one.Parent != other.Parent ? one.Parent.CompareTo(other.Parent)
            : one.Node.CompareTo(other.Node));
        Beam[] former = [.. _live];
        _live.Clear();
        for (int rank = 0; rank < _candidates.Count && _live.Count < width; rank++)
        {
            Candidate candidate = _candidates[rank];
            Beam parent = former[candidate.Parent];
            if (parent.Next == Step.EndOfTurn)
            {
                if (rank < width)
                {
                    _aside.Add(new Hypothesis(_trie.SidNumber(parent.Depth, parent.Node), candidate.Score));
                }

                continue;
            }

            int depth = parent.Next == Step.Code ? parent.Depth + 1 : parent.Depth;
            Step next = parent.Next == Step.Newline ? Step.EndOfTurn : _trie.IsEnd(depth, candidate.Node) ? Step.Newline : Step.Code;
            _live.Add(new Beam(candidate.Score, next, depth, candidate.Node, candidate.Parent));
        }
    }

    private void Forward(IDecoderSession session)
    {
        int[] tokens = [.. _live.Select(beam => beam.Next == Step.EndOfTurn ? _newlineToken : (int)_trie.Token(beam.Depth, beam.Node))];
        bool isFirst = _live[0].Next != Step.EndOfTurn && _live[0].Depth == 1;
        int[] parents = [.. _live.Select(beam => isFirst ? -1 : beam.Parent)];
        StepOutputs outputs = StepOutputs.LogSumExp;
        foreach (Beam beam in _live)
        {
            outputs |= beam.Next == Step.Code ? StepOutputs.SidLogits : StepOutputs.EndLogits;
        }

        session.AppendBeams(tokens, parents, outputs);
    }

    /// <summary>A path that has not ended its turn, and what comes next on it.</summary>
    private readonly record struct Beam(float Score, Step Next, int Depth, uint Node, int Parent = -1);

    private readonly record struct Candidate(float Score, int Parent, uint Node);
}
