namespace SIDReasoner.Core.Bundles;

/// <summary>Two ways to answer, held beside one another on the same rows. Differences are the first's value minus the second's.</summary>
public sealed record BundleAgreementPair
{
    /// <summary>The first's form of the weights.</summary>
    public required string Precision { get; init; }

    /// <summary>The first's score mode.</summary>
    public required string ScoreMode { get; init; }

    /// <summary>The second's form of the weights.</summary>
    public required string ToPrecision { get; init; }

    /// <summary>The second's score mode.</summary>
    public required string ToScoreMode { get; init; }

    /// <summary>Mean share of the top 10 that both have, 0 to 1.</summary>
    public required double Top10Overlap { get; init; }

    /// <summary>Share of rows whose first SID is the same, 0 to 1.</summary>
    public required double SameFirst { get; init; }

    /// <summary>Mean distance of the two scores of a SID that is in both top tens.</summary>
    public required double ScoreDifferenceMean { get; init; }

    /// <summary>Largest such distance.</summary>
    public required double ScoreDifferenceMax { get; init; }

    /// <summary>Difference of HR@10 by SID.</summary>
    public required double Hr10Difference { get; init; }

    /// <summary>Its 95 % interval, low and high.</summary>
    public required IReadOnlyList<double> Hr10Interval { get; init; }

    /// <summary>Difference of NDCG@10 by SID.</summary>
    public required double Ndcg10Difference { get; init; }

    /// <summary>Its 95 % interval, low and high.</summary>
    public required IReadOnlyList<double> Ndcg10Interval { get; init; }
}
