using SIDReasoner.Core.Items;
using SIDReasoner.Train.Data;

namespace SIDReasoner.Train.Baselines;

/// <summary>The items that most often followed the history's last item, then the most popular ones.</summary>
/// <param name="itemCount">Items of the catalog.</param>
/// <param name="countsHistories">
/// Whether steps inside a history count too, each once a user. Default false: only the step to a row's target counts, which is nearly all steps
/// where every purchase has a row of its own.
/// </param>
public sealed class MarkovBaseline(int itemCount, bool countsHistories = false) : IBaseline
{
    private ItemRanking _ranking = new(itemCount, []);
    private (int To, double Weight)[][] _followers = [];

    /// <inheritdoc/>
    public string Name => "last-item Markov";

    /// <inheritdoc/>
    public void Fit(IReadOnlyList<Interaction> rows)
    {
        ArgumentNullException.ThrowIfNull(rows);
        var links = new ItemLinks(itemCount);
        foreach ((int from, int to) in countsHistories ? AllSteps(rows) : TargetSteps(rows))
        {
            links.Add(from, to, 1);
        }

        _ranking = new ItemRanking(itemCount, rows);
        _followers = links.Freeze((_, _, count) => count);
    }

    /// <inheritdoc/>
    public IReadOnlyList<int> Recommend(ReadOnlySpan<int> history, int k)
    {
        double[] scores = new double[itemCount];
        var candidates = new List<int>();
        if (!history.IsEmpty && _followers.Length > 0)
        {
            foreach ((int to, double count) in _followers[history[^1]])
            {
                scores[to] = count;
                candidates.Add(to);
            }
        }

        return _ranking.Take(candidates, scores, k);
    }

    private static IEnumerable<(int From, int To)> TargetSteps(IReadOnlyList<Interaction> rows) =>
        rows.Where(row => row.History.Count > 0).Select(row => (row.History[^1], row.Target));

    private static IEnumerable<(int From, int To)> AllSteps(IReadOnlyList<Interaction> rows) =>
        UserChains.Rebuild(rows).SelectMany(chain => chain.Zip(chain.Skip(1)));
}
