using System.Text.Json.Serialization;

namespace SIDReasoner.Core.Bundles;

/// <summary>How alike a bundle's score modes and precisions rank, as <c>sidr evaluate --compare --write</c> measured it.</summary>
public sealed record BundleAgreement
{
    /// <summary>Fewer rows than this say too little to change a default.</summary>
    public const int LeastRows = 100;

    /// <summary>Share of the top 10 that Catalog has to have in common with Exact to become the default.</summary>
    public const double LeastOverlap = 0.95;

    /// <summary>The engine that answered: <c>onnxruntime</c> or <c>genai</c>.</summary>
    public required string Engine { get; init; }

    /// <summary>Rows answered.</summary>
    public required int Rows { get; init; }

    /// <summary>Beams kept (W).</summary>
    public required int Beams { get; init; }

    /// <summary>SHA-256 of the file that the rows came from.</summary>
    public required string DataSha256 { get; init; }

    /// <summary>What was held beside what.</summary>
    public required IReadOnlyList<BundleAgreementPair> Pairs { get; init; }

    /// <summary>Catalog beside Exact in one precision; null where they were not compared.</summary>
    [JsonIgnore]
    public BundleAgreementPair? CatalogToExact => Pairs.FirstOrDefault(pair => pair is { ScoreMode: "catalog", ToScoreMode: "exact" } && pair.Precision == pair.ToPrecision);

    /// <summary>Whether Catalog may stand in for Exact: over enough rows it shares enough of the top 10, and NDCG@10 is not surely lower.</summary>
    [JsonIgnore]
    public bool CatalogAgrees =>
        Rows >= LeastRows && CatalogToExact is { } pair && pair.Top10Overlap >= LeastOverlap && pair.Ndcg10Interval[1] >= 0;
}
