namespace SIDReasoner.Core.Bundles;

/// <summary>A file of a bundle as it was when the bundle was written.</summary>
public sealed record BundleFile
{
    /// <summary>Its size.</summary>
    public required long Bytes { get; init; }

    /// <summary>SHA-256 of its bytes, 64 lower-case hexadecimal digits.</summary>
    public required string Sha256 { get; init; }
}
