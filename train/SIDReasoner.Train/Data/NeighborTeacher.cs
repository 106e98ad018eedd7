using System.Runtime.InteropServices;

namespace SIDReasoner.Train.Data;

/// <summary>What history item-kNN expects after every prefix of a chain, the chain itself left out: soft targets for training.</summary>
/// <remarks>
/// The counts are those of <see cref="Baselines.ItemKnnBaseline"/> with its defaults, over distinct SIDs and training chains alone. Leaving out the chain's
/// own pairs keeps the teacher from naming the target because it has seen it. Along the target's tokens the expectation is split by level:
/// the first token's distribution in full, a later token's among what agrees so far, weighted by the teacher's probability of getting there.
/// Source: distillation (Hinton et al., arXiv 1503.02531) with a neighborhood model as the teacher.
/// </remarks>
internal sealed class NeighborTeacher
{
    private const double HistoryDecay = 0.5;
    private const double PairDecay = 0.7;
    private const double SourceExponent = 0.5;

    private readonly int[][] _chains; // distinct SIDs
    private readonly List<int[]> _tokensOf = [];
    private readonly Dictionary<int, double>[] _links;
    private readonly int[] _chainsWith;
    private readonly int _historyItems;

    /// <summary>Counts.</summary>
    /// <param name="chains">Chain, item, token.</param>
    /// <param name="historyItems">Items of a prompt; older ones are not looked at.</param>
    public NeighborTeacher(IReadOnlyList<int[][]> chains, int historyItems)
    {
        _historyItems = historyItems;
        var numberOf = new Dictionary<string, int>(StringComparer.Ordinal);
        _chains = [.. chains.Select(chain => chain.Select(tokens => Number(tokens, numberOf)).ToArray())];
        _links = [.. _tokensOf.Select(_ => new Dictionary<int, double>())];
        _chainsWith = new int[_tokensOf.Count];
        foreach (int[] chain in _chains)
        {
            foreach (int sid in chain.Distinct())
            {
                _chainsWith[sid]++;
            }

            AddPairs(chain, (from, to, weight) => CollectionsMarshal.GetValueRefOrAddDefault(_links[from], to, out _) += weight);
        }
    }

    /// <summary>The soft targets of a chain: item, then level; null where the teacher expects nothing that agrees with the tokens so far.</summary>
    public SoftTarget?[][] Teach(int chain)
    {
        int[] sids = _chains[chain];
        var own = new Dictionary<(int From, int To), double>();
        AddPairs(sids, (from, to, weight) => CollectionsMarshal.GetValueRefOrAddDefault(own, (from, to), out _) += weight);
        var targets = new SoftTarget?[sids.Length][];
        for (int item = 0; item < sids.Length; item++)
        {
            targets[item] = Split(Expect(sids.AsSpan(Math.Max(0, item - _historyItems), Math.Min(item, _historyItems)), own), _tokensOf[sids[item]]);
        }

        return targets;
    }

    private SortedDictionary<int, double> Expect(ReadOnlySpan<int> history, Dictionary<(int From, int To), double> own)
    {
        var scores = new SortedDictionary<int, double>();
        double decay = 1;
        for (int i = history.Length - 1; i >= 0; i--)
        {
            int others = _chainsWith[history[i]] - 1;
            if (others > 0)
            {
                foreach ((int to, double weight) in _links[history[i]])
                {
                    double left = weight - own.GetValueOrDefault((history[i], to));
                    if (left > 1e-9)
                    {
                        scores[to] = scores.GetValueOrDefault(to) + decay * left / Math.Pow(others, SourceExponent);
                    }
                }
            }

            decay *= HistoryDecay;
        }

        return scores;
    }

    private SoftTarget?[] Split(SortedDictionary<int, double> scores, int[] target)
    {
        var levels = new SoftTarget?[target.Length];
        double all = scores.Values.Sum();
        List<KeyValuePair<int, double>> agreeing = [.. scores];
        for (int level = 0; level < target.Length && agreeing.Count > 0; level++)
        {
            int at = level;
            (int Token, double Score)[] shares = [.. agreeing.Where(score => _tokensOf[score.Key].Length > at)
                .GroupBy(score => _tokensOf[score.Key][at]).Select(group => (group.Key, group.Sum(score => score.Value))).OrderBy(share => share.Key)];
            float[] weights = [.. shares.Select(share => (float)(share.Score / all))];
            levels[level] = new SoftTarget([.. shares.Select(share => share.Token)], weights, weights.Sum());
            agreeing.RemoveAll(score => _tokensOf[score.Key].Length <= at || _tokensOf[score.Key][at] != target[at]);
        }

        return levels;
    }

    private int Number(int[] tokens, Dictionary<string, int> numberOf)
    {
        string key = string.Join(' ', tokens);
        if (!numberOf.TryGetValue(key, out int number))
        {
            numberOf[key] = number = _tokensOf.Count;
            _tokensOf.Add(tokens);
        }

        return number;
    }

    private static void AddPairs(int[] chain, Action<int, int, double> add)
    {
        for (int i = 0; i < chain.Length; i++)
        {
            double weight = 1;
            for (int j = i + 1; j < chain.Length; j++)
            {
                add(chain[i], chain[j], weight);
                weight *= PairDecay;
            }
        }
    }
}
