using SIDReasoner.Core.Evaluation;

namespace SIDReasoner.Cli.Evaluation;

/// <summary>What a comparison keeps of one row's answer.</summary>
/// <param name="Top">The first places, at most <see cref="Places"/>, best first.</param>
/// <param name="SidRank">Rank of the target's SID from 0, or -1.</param>
internal sealed record RankedRow(IReadOnlyList<ScoredSid> Top, int SidRank)
{
    /// <summary>Places that are compared.</summary>
    public const int Places = 10;
}
