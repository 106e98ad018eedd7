using SIDReasoner.Core.Items;
using SIDReasoner.Train.Data;

namespace SIDReasoner.Train.Baselines;

/// <summary>Items bought together with the history's items, newer ones weighing more, then the most popular ones.</summary>
/// <remarks>
/// Score of item j = sum over the history's items i, newest first at distance d = 0, 1, ..: HistoryDecay^d * w(i, j) / (n_i^SourceExponent * n_j^TargetExponent),
/// with w(i, j) the sum over all chains' pairs of PairDecay^(steps between - 1) and n the number of chains that hold an item.
/// Source: Sarwar et al., "Item-based collaborative filtering", WWW 2001; distance decay as in Ludewig and Jannach's sequential rules, 2018.
/// </remarks>
/// <param name="itemCount">Items of the catalog.</param>
/// <param name="options">Weights; the defaults where null.</param>
public sealed class ItemKnnBaseline(int itemCount, ItemKnnOptions? options = null) : IBaseline
{
    private readonly ItemKnnOptions _options = options ?? new ItemKnnOptions();
    private ItemRanking _ranking = new(itemCount, []);
    private (int To, double Weight)[][] _neighbors = [];

    /// <inheritdoc/>
    public string Name => "history item-kNN";

    /// <inheritdoc/>
    public void Fit(IReadOnlyList<Interaction> rows)
    {
        IReadOnlyList<int[]> chains = UserChains.Rebuild(rows);
        var links = new ItemLinks(itemCount);
        int[] chainsWith = new int[itemCount];
        foreach (int[] chain in chains)
        {
            foreach (int item in chain.Distinct())
            {
                chainsWith[item]++;
            }

            AddPairs(links, chain);
        }

        _ranking = new ItemRanking(itemCount, rows);
        _neighbors = links.Freeze((from, to, weight) =>
            weight / (Math.Pow(chainsWith[from], _options.SourceExponent) * Math.Pow(chainsWith[to], _options.TargetExponent)));
    }

    /// <inheritdoc/>
    public IReadOnlyList<int> Recommend(ReadOnlySpan<int> history, int k)
    {
        double[] scores = new double[itemCount];
        var candidates = new List<int>();
        double weight = 1;
        for (int i = history.Length - 1; i >= 0 && _neighbors.Length > 0; i--)
        {
            foreach ((int to, double link) in _neighbors[history[i]])
            {
                if (scores[to] == 0)
                {
                    candidates.Add(to);
                }

                scores[to] += weight * link;
            }

            weight *= _options.HistoryDecay;
        }

        return _ranking.Take(candidates, scores, k);
    }

    private void AddPairs(ItemLinks links, int[] chain)
    {
        for (int i = 0; i < chain.Length; i++)
        {
            double weight = 1;
            for (int j = i + 1; j < chain.Length; j++)
            {
                links.Add(chain[i], chain[j], weight);
                if (!_options.IsDirected && chain[i] != chain[j])
                {
                    links.Add(chain[j], chain[i], weight);
                }

                weight *= _options.PairDecay;
            }
        }
    }
}
