using SIDReasoner.Core.Tries;

namespace SIDReasoner.Decoding.Kernels;

/// <summary>The selection step: every live beam moves one level down the trie and the best survive.</summary>
public interface IBeamKernel
{
    /// <summary>Moves every live beam of <paramref name="beams"/> one level down the trie and keeps the best of each request.</summary>
    /// <param name="trie">The catalogue.</param>
    /// <param name="sidLogits">Next-token logits of the SID columns, [rows, S], S = the trie's columns. Read only.</param>
    /// <param name="logSumExp">
    /// Natural log of the sum over the whole vocabulary, float32 [rows, 1]: <see cref="ScoreMode.Exact"/>.
    /// <see cref="LogitsView.Empty"/>: renormalise over the legal children, <see cref="ScoreMode.Catalog"/>.
    /// </param>
    /// <param name="filters">One filter a request, null where all items are allowed; empty where no request has one.</param>
    /// <param name="beams">
    /// Replaced in place: nodes, scores, parents, tokens and counts, best first; its depth grows by 1. A beam whose row is
    /// <see cref="BeamBatch.NoRow"/> competes unchanged, with <see cref="BeamBatch.NoToken"/>.
    /// </param>
    /// <remarks>
    /// Equal scores order by parent, then token id, on every kernel. Reads the children's logits only, O(beams x children): the
    /// catalogue's size does not matter. Allocates nothing once it has seen the largest batch. One instance serves one thread.
    /// Source: STATIC (arXiv 2602.22647), the sparse transition; the slow search in TestSupport is its definition.
    /// </remarks>
    /// <exception cref="ArgumentException">Shapes disagree or a row is out of range; nothing is written.</exception>
    /// <exception cref="InvalidLogitsException">A logit read is NaN or plus infinity (minus infinity is a child of no probability, never chosen); <paramref name="beams"/> is unusable afterwards.</exception>
    void Advance(SidTrie trie, in LogitsView sidLogits, in LogitsView logSumExp, ReadOnlySpan<SidFilter?> filters, BeamBatch beams);
}
