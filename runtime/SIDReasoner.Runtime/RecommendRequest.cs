using SIDReasoner.Decoding;

namespace SIDReasoner.Runtime;

/// <summary>One question to a <see cref="Recommender"/>: what comes after this history, or after this prompt.</summary>
public sealed record RecommendRequest
{
    /// <summary>Ids of the items a user bought, oldest first. Give this or <see cref="PromptIds"/>.</summary>
    public IReadOnlyList<string>? History { get; init; }

    /// <summary>Token ids of a finished prompt, used as they are. Give this or <see cref="History"/>.</summary>
    public IReadOnlyList<int>? PromptIds { get; init; }

    /// <summary>SIDs to return: one entry a SID, with all its items. Default 10; 1 to 1,024.</summary>
    public int K { get; init; } = 10;

    /// <summary>Beams kept a level (W). Default 10; 1 to 1,024; raised to <see cref="K"/> where that is larger.</summary>
    public int BeamWidth { get; init; } = 10;

    /// <summary>How a step is scored; null, the default, takes the bundle's default.</summary>
    public ScoreMode? ScoreMode { get; init; }

    /// <summary>A LoRA adapter of the bundle, which prompt, thought and search then run with; null, the default, for the model as it is.</summary>
    public string? Adapter { get; init; }

    /// <summary>Leaves out the history's items inside the search, so that K others come. Default false. Needs <see cref="History"/>.</summary>
    public bool ExcludeHistory { get; init; }

    /// <summary>Lets the model think before it answers; null, the default, for no thought. With <see cref="PromptIds"/> the thought follows them as they are.</summary>
    public ThinkingRequest? Thinking { get; init; }

    /// <summary>
    /// Refuses a history whose prompt (with the thinking budget, where one is asked for) the context does not hold. Default false: its
    /// oldest items are left out until it fits, and <see cref="Recommendation.DroppedItems"/> says how many.
    /// </summary>
    public bool RequireWholeHistory { get; init; }

    /// <summary>Further restriction: whether the item at an index of the catalogue may be recommended; null, the default, allows all.</summary>
    public Func<int, bool>? IsAllowed { get; init; }
}
