using SIDReasoner.Core.Evaluation;
using SIDReasoner.Core.Items;
using SIDReasoner.Core.SemanticIds;

namespace SIDReasoner.Train.Baselines;

/// <summary>Where a baseline put each row's target: zero-based ranks, <see cref="RankingMetrics.NotFound"/> (-1) where it is not among the first k.</summary>
/// <param name="Sids">Rank of the target's SID in the list of different SIDs that the recommended items spell, in the rows' order.</param>
/// <param name="Items">Rank of the target item itself, in the rows' order.</param>
public sealed record BaselineRanks(int[] Sids, int[] Items)
{
    /// <summary>Asks a fitted baseline for every row. Rows are spread over the cores; the result does not depend on that.</summary>
    /// <param name="baseline">A fitted baseline.</param>
    /// <param name="catalog">The items the rows index.</param>
    /// <param name="rows">Rows to score.</param>
    /// <param name="k">Length of both lists. Default 50.</param>
    public static BaselineRanks Compute(IBaseline baseline, ItemCatalog catalog, IReadOnlyList<Interaction> rows, int k = 50)
    {
        ArgumentNullException.ThrowIfNull(baseline);
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentNullException.ThrowIfNull(rows);
        int sharedMost = catalog.Items.Count == 0 ? 1 : catalog.Items.GroupBy(item => item.Sid).Max(group => group.Count());
        int[] sids = new int[rows.Count];
        int[] items = new int[rows.Count];
        Parallel.For(0, rows.Count, i =>
        {
            // Enough items that k different SIDs are among them.
            IReadOnlyList<int> best = baseline.Recommend(rows[i].History.ToArray(), k * sharedMost);
            items[i] = best.Take(k).ToList().IndexOf(rows[i].Target);
            SemanticId target = catalog.Items[rows[i].Target].Sid;
            sids[i] = TargetRank.OfSid(best.Select(item => catalog.Items[item].Sid).Distinct().Take(k), target);
        });

        return new BaselineRanks(sids, items);
    }
}
