namespace SIDReasoner.Train.Quantization;

/// <summary>Settings of one k-means fit.</summary>
public sealed record KMeansOptions
{
    /// <summary>Centers to place (K). Default 256; at least 1. Where there are fewer rows, only as many centers are used.</summary>
    public int ClusterCount { get; init; } = 256;

    /// <summary>Most rounds of assignment and update. Default 30; at least 1.</summary>
    public int MaxIterations { get; init; } = 30;

    /// <summary>Stops when the centers' summed squared shift is at most this times the mean variance of the columns. Default 1e-4; 0 runs until the labels repeat.</summary>
    public double Tolerance { get; init; } = 1e-4;

    /// <summary>Independent k-means++ starts; the one of lowest inertia is kept, the earlier where two are equal. Default 1; at least 1.</summary>
    public int Restarts { get; init; } = 1;

    /// <summary>Seed of the k-means++ starts. Default 0.</summary>
    public long Seed { get; init; }
}
