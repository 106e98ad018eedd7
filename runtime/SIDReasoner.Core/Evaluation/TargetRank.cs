using SIDReasoner.Core.Items;
using SIDReasoner.Core.SemanticIds;

namespace SIDReasoner.Core.Evaluation;

/// <summary>Where a target stands in a ranked answer.</summary>
public static class TargetRank
{
    /// <summary>SID level: the first place of the target's SID, so any item that shares it counts as found.</summary>
    /// <returns>From 0, or <see cref="RankingMetrics.NotFound"/>.</returns>
    public static int OfSid(IEnumerable<SemanticId> rankedSids, SemanticId target)
    {
        var rank = 0;
        foreach (var sid in rankedSids)
        {
            if (sid.Equals(target))
                return rank;
            rank++;
        }

        return RankingMetrics.NotFound;
    }

    /// <summary>Item level: each different SID, at its first place, stands for all its items in catalogue order; the place of the target item in that list.</summary>
    /// <returns>From 0, or <see cref="RankingMetrics.NotFound"/>. SIDs outside the catalogue stand for no item.</returns>
    public static int OfItem(IEnumerable<SemanticId> rankedSids, int targetItem, ItemCatalog catalog)
    {
        var target = catalog.Items[targetItem].Sid;
        var seen = new HashSet<SemanticId>();
        var rank = 0;
        foreach (var sid in rankedSids)
        {
            if (!seen.Add(sid))
                continue;
            var items = catalog.ItemsOf(sid);
            if (sid.Equals(target))
            {
                for (var place = 0; items[place] != targetItem; place++)
                    rank++;
                return rank;
            }

            rank += items.Count;
        }

        return RankingMetrics.NotFound;
    }
}
