using SIDReasoner.Core.Items;

namespace SIDReasoner.Train.Baselines;

/// <summary>The items that most often were a row's target, the same for everyone.</summary>
/// <param name="itemCount">Items of the catalog.</param>
public sealed class PopularBaseline(int itemCount) : IBaseline
{
    private ItemRanking _ranking = new(itemCount, []);

    /// <inheritdoc/>
    public string Name => "most popular";

    /// <inheritdoc/>
    public void Fit(IReadOnlyList<Interaction> rows) => _ranking = new ItemRanking(itemCount, rows);

    /// <inheritdoc/>
    public IReadOnlyList<int> Recommend(ReadOnlySpan<int> history, int k) => _ranking.Take([], [], k);
}
