namespace SIDReasoner.Train.Quantization;

/// <summary>Settings of residual k-means.</summary>
public sealed record RqKMeansOptions
{
    /// <summary>Levels of a SID (L). Default 3; 1 to 8.</summary>
    public int LevelCount { get; init; } = 3;

    /// <summary>Codes a level (K). Default 256; at least 1.</summary>
    public int CodesPerLevel { get; init; } = 256;

    /// <summary>Most k-means rounds a level. Default 30; at least 1.</summary>
    public int MaxIterations { get; init; } = 30;

    /// <summary>k-means++ starts a level, the best of which is kept. Default 3; at least 1.</summary>
    public int Restarts { get; init; } = 3;

    /// <summary>Whether items whose codes are all equal are moved apart (<see cref="CollisionResolver"/>). Default true.</summary>
    public bool ResolvesCollisions { get; init; } = true;

    /// <summary>Seed of every start. Default 0.</summary>
    public long Seed { get; init; }
}
