namespace SIDReasoner.Train.Evaluation;

/// <summary>Where a model put each row's target: zero-based ranks, -1 where it is not in the list.</summary>
/// <param name="Sids">Rank of the target's SID, in the rows' order.</param>
/// <param name="Items">Rank of the target item itself among the items that the SIDs stand for (ascending index within a SID), in the rows' order.</param>
public sealed record RankedRows(int[] Sids, int[] Items);
