using SIDReasoner.Core.Evaluation;
using SIDReasoner.Core.Items;

namespace SIDReasoner.Train.Baselines;

/// <summary>The three baselines that stand beside every model, each as strong as the valid rows can make it.</summary>
public static class BaselineSuite
{
    private const int CutOff = 10;

    /// <summary>Fits most popular, last-item Markov and history item-kNN.</summary>
    /// <param name="catalog">The items the rows index.</param>
    /// <param name="train">Rows to fit on.</param>
    /// <param name="valid">Rows on which the settings of Markov and kNN are chosen, by NDCG@10 over SIDs; where empty, the defaults are taken.</param>
    /// <param name="fitsOnValidToo">Whether, once the settings are chosen, the baselines are fitted on the train and valid rows together.</param>
    /// <returns>The three, in that order, fitted.</returns>
    public static IReadOnlyList<IBaseline> Fit(ItemCatalog catalog, IReadOnlyList<Interaction> train, IReadOnlyList<Interaction> valid, bool fitsOnValidToo)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentNullException.ThrowIfNull(train);
        ArgumentNullException.ThrowIfNull(valid);
        int items = catalog.Items.Count;
        IBaseline[] chosen =
        [
            new PopularBaseline(items),
            Best(MarkovCandidates(items), catalog, train, valid),
            Best(KnnCandidates(items), catalog, train, valid),
        ];
        IReadOnlyList<Interaction> rows = fitsOnValidToo ? [.. train, .. valid] : train;
        foreach (IBaseline baseline in chosen)
        {
            baseline.Fit(rows);
        }

        return chosen;
    }

    private static IBaseline[] MarkovCandidates(int items) => [new MarkovBaseline(items), new MarkovBaseline(items, countsHistories: true)];

    private static IBaseline[] KnnCandidates(int items) =>
    [
        .. from decay in new[] { 0.5, 0.7, 0.3 }
           from exponent in new[] { 0, 0.1 }
           select new ItemKnnBaseline(items, new ItemKnnOptions { HistoryDecay = decay, TargetExponent = exponent }),
        new ItemKnnBaseline(items, ItemKnnOptions.Cosine),
    ];

    private static IBaseline Best(IBaseline[] candidates, ItemCatalog catalog, IReadOnlyList<Interaction> train, IReadOnlyList<Interaction> valid)
    {
        if (valid.Count == 0)
        {
            return candidates[0];
        }

        IBaseline best = candidates[0];
        double bestGain = double.NegativeInfinity;
        foreach (IBaseline candidate in candidates)
        {
            candidate.Fit(train);
            double gain = RankingMetrics.Ndcg(BaselineRanks.Compute(candidate, catalog, valid, CutOff).Sids, CutOff);
            if (gain > bestGain)
            {
                best = candidate;
                bestGain = gain;
            }
        }

        return best;
    }
}
