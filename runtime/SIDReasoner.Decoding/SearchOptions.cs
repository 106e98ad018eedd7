using SIDReasoner.Core.Tries;

namespace SIDReasoner.Decoding;

/// <summary>How one SID search runs.</summary>
public sealed record SearchOptions
{
    /// <summary>Most beams that a search keeps.</summary>
    public const int MaxBeamWidth = 1024;

    /// <summary>Beams kept a level (W), which is also the most results. Default 10; 1 to 1,024.</summary>
    public int BeamWidth { get; init; } = 10;

    /// <summary>How a step is scored. Default <see cref="ScoreMode.Exact"/>.</summary>
    public ScoreMode ScoreMode { get; init; } = ScoreMode.Exact;

    /// <summary>The items that may be found; null, the default, allows all.</summary>
    public SidFilter? Filter { get; init; }
}
