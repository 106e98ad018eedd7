using SIDReasoner.Decoding;

namespace SIDReasoner.Runtime;

/// <summary>The answer to a <see cref="RecommendRequest"/>.</summary>
public sealed record Recommendation
{
    /// <summary>The ranking, best first: at most K places, fewer where fewer SIDs are allowed.</summary>
    public required IReadOnlyList<RankedItem> Items { get; init; }

    /// <summary>What the model thought first; null where no thought was asked for.</summary>
    public Thought? Thinking { get; init; }

    /// <summary>Milliseconds a stage.</summary>
    public required StageTimes Stages { get; init; }

    /// <summary>Tokens of the prompt.</summary>
    public required int PromptTokens { get; init; }

    /// <summary>How many of them were not run, since an earlier prompt began the same; 0 where none did.</summary>
    public int PrefixTokens { get; init; }

    /// <summary>Items of the history, oldest first, that were left out because the context does not hold them all; 0 nearly always.</summary>
    public int DroppedItems { get; init; }

    /// <summary>Beams that the search kept (W), after raising to K.</summary>
    public required int BeamWidth { get; init; }

    /// <summary>How scores were computed.</summary>
    public required ScoreMode ScoreMode { get; init; }

    /// <summary>The engine that computed, such as "onnxruntime".</summary>
    public required string Engine { get; init; }

    /// <summary>The kernel that selected beams: "native" or "managed".</summary>
    public required string Kernel { get; init; }

    /// <summary>The precision that ran, such as "fp32".</summary>
    public required string Precision { get; init; }
}
