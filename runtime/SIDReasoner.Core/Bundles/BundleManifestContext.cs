using System.Text.Json.Serialization;

namespace SIDReasoner.Core.Bundles;

/// <summary>How <c>bundle.json</c> is spelled; generated, so that it works ahead of time too.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    WriteIndented = true,
    NewLine = "\n")]
[JsonSerializable(typeof(BundleManifest))]
internal sealed partial class BundleManifestContext : JsonSerializerContext;
