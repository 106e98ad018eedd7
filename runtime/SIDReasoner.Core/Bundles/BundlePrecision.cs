namespace SIDReasoner.Core.Bundles;

/// <summary>One form of the model's weights in a bundle.</summary>
public sealed record BundlePrecision
{
    /// <summary>As <c>--precision</c> spells it: <c>fp32</c>.</summary>
    public required string Name { get; init; }

    /// <summary>The graph's file in the bundle.</summary>
    public required string Model { get; init; }

    /// <summary>Element type of the KV cache and of every real output: <c>float32</c>.</summary>
    public required string CacheType { get; init; }
}
