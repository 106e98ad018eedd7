namespace SIDReasoner.Core.Configuration;

/// <summary>The families that share one decoder with switches.</summary>
public enum DecoderArchitecture
{
    /// <summary>Norms of queries and keys per head; no biases.</summary>
    Qwen3,

    /// <summary>Biases on the query, key and value projections.</summary>
    Qwen2,

    /// <summary>Neither, unless <c>attention_bias</c> or <c>mlp_bias</c> says so.</summary>
    Llama,
}
