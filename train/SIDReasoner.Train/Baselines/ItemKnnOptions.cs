namespace SIDReasoner.Train.Baselines;

/// <summary>How history item-kNN weighs what was bought together. The defaults are the ones that did best on the valid rows of the two Amazon categories.</summary>
public sealed record ItemKnnOptions
{
    /// <summary>Weight of a history's item relative to the next newer one. Default 0.5; above 0, at most 1.</summary>
    public double HistoryDecay { get; init; } = 0.5;

    /// <summary>Weight of a pair relative to one a step closer in its chain. Default 0.7; above 0, at most 1 (1 = plain co-occurrence).</summary>
    public double PairDecay { get; init; } = 0.7;

    /// <summary>Whether a pair counts only from the earlier to the later item. Default true.</summary>
    public bool IsDirected { get; init; } = true;

    /// <summary>Power of the history item's count that a pair's weight is divided by. Default 0.5; 0 to 1.</summary>
    public double SourceExponent { get; init; } = 0.5;

    /// <summary>Power of the recommended item's count that a pair's weight is divided by. Default 0; 0 to 1; 0.5 on both sides is the cosine.</summary>
    public double TargetExponent { get; init; }

    /// <summary>The textbook form: undirected co-occurrence cosine, history decay 0.7.</summary>
    public static ItemKnnOptions Cosine { get; } = new() { HistoryDecay = 0.7, PairDecay = 1, IsDirected = false, TargetExponent = 0.5 };
}
