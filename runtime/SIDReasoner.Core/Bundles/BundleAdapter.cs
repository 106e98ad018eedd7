namespace SIDReasoner.Core.Bundles;

/// <summary>A LoRA adapter in a bundle, which a request may name.</summary>
public sealed record BundleAdapter
{
    /// <summary>The name that requests use.</summary>
    public required string Name { get; init; }

    /// <summary>Its file in the bundle, in ONNX Runtime's adapter format.</summary>
    public required string File { get; init; }
}
