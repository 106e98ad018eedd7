using SIDReasoner.Core.Items;

namespace SIDReasoner.Train.Baselines;

/// <summary>The order all baselines share: score, then popularity (how often an item was a row's target), then item index.</summary>
internal sealed class ItemRanking
{
    private readonly int[] _popularity;
    private readonly int[] _mostPopularFirst;

    public ItemRanking(int itemCount, IReadOnlyList<Interaction> rows)
    {
        _popularity = new int[itemCount];
        foreach (Interaction row in rows)
        {
            _popularity[row.Target]++;
        }

        _mostPopularFirst = Enumerable.Range(0, itemCount).OrderByDescending(item => _popularity[item]).ThenBy(item => item).ToArray();
    }

    /// <summary>The k best: candidates by score, then the most popular of the others.</summary>
    /// <param name="candidates">Scored items, each once, in any order. Reordered.</param>
    /// <param name="scores">Score by item index.</param>
    /// <param name="k">Items wanted.</param>
    public IReadOnlyList<int> Take(List<int> candidates, double[] scores, int k)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(k);
        candidates.Sort((left, right) => Compare(left, right, scores));
        var best = new List<int>(k);
        best.AddRange(candidates.Take(k));
        var taken = new HashSet<int>(best);
        for (int i = 0; best.Count < k && i < _mostPopularFirst.Length; i++)
        {
            if (taken.Add(_mostPopularFirst[i]))
            {
                best.Add(_mostPopularFirst[i]);
            }
        }

        return best;
    }

    private int Compare(int left, int right, double[] scores)
    {
        int order = scores[right].CompareTo(scores[left]);
        if (order == 0)
        {
            order = _popularity[right].CompareTo(_popularity[left]);
        }

        return order != 0 ? order : left.CompareTo(right);
    }
}
