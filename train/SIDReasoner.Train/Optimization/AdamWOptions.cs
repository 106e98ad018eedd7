namespace SIDReasoner.Train.Optimization;

/// <summary>Constants of <see cref="AdamW"/>.</summary>
public sealed record AdamWOptions
{
    /// <summary>Decay of the first moment, from 0 below 1. Default 0.9.</summary>
    public double Beta1 { get; init; } = 0.9;

    /// <summary>Decay of the second moment, from 0 below 1. Default 0.98.</summary>
    public double Beta2 { get; init; } = 0.98;

    /// <summary>Added to the root of the second moment. Default 1e-8.</summary>
    public double Epsilon { get; init; } = 1e-8;

    /// <summary>Decoupled weight decay, times the rate. Default 0.1.</summary>
    public double WeightDecay { get; init; } = 0.1;

    /// <summary>Whether norms and biases decay too. Default false: matrices alone.</summary>
    public bool DecaysVectors { get; init; }
}
