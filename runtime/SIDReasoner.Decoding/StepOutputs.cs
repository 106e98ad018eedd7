namespace SIDReasoner.Decoding;

/// <summary>What a decoder step computes beside the KV cache. A head that is not asked for costs nothing.</summary>
[Flags]
public enum StepOutputs
{
    /// <summary>The KV cache alone.</summary>
    None = 0,

    /// <summary>Full-vocabulary logits of the last row, for choosing the next text token.</summary>
    Logits = 1,

    /// <summary>Logits of the SID columns, for the search.</summary>
    SidLogits = 2,

    /// <summary>Log-sum-exp over the whole vocabulary, for <see cref="ScoreMode.Exact"/>.</summary>
    LogSumExp = 4,

    /// <summary>Logits of newline and end of turn, for <see cref="ScoreMode.Reference"/>.</summary>
    EndLogits = 8,
}
