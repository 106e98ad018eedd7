namespace SIDReasoner.Decoding;

/// <summary>How a beam's step is scored. A score sums natural-log probabilities since the root, so it is at most 0.</summary>
public enum ScoreMode
{
    /// <summary>Log-softmax over the whole vocabulary, one step a level. The default.</summary>
    Exact,

    /// <summary>
    /// Log-softmax over the node's legal children (under a filter: those that lead to an allowed item). A step without a choice
    /// adds 0, so a beam whose node leads to one SID needs no further forward.
    /// </summary>
    Catalog,

    /// <summary>
    /// Log-softmax over the whole vocabulary, newline and end of turn behind the SID scored too, ranked by the rules of transformers'
    /// <c>generate</c>: what published numbers were measured with. For evaluation; see <see cref="ReferenceBeamSearch"/>.
    /// </summary>
    Reference,
}
