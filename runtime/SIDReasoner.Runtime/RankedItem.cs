using SIDReasoner.Core.SemanticIds;

namespace SIDReasoner.Runtime;

/// <summary>One place of a ranking: a SID with its items.</summary>
/// <param name="Rank">From 1.</param>
/// <param name="Sid">The SID.</param>
/// <param name="ItemIds">All (allowed) items that bear it, in the catalogue's order.</param>
/// <param name="Title">The first item's title.</param>
/// <param name="Score">Sum of natural-log probabilities along the SID, at most 0.</param>
public sealed record RankedItem(int Rank, SemanticId Sid, IReadOnlyList<string> ItemIds, string Title, float Score);
