using SIDReasoner.Core.Items;

namespace SIDReasoner.Train.Baselines;

/// <summary>A recommender without a model, fitted on the rows a model is trained on and asked for the rows it is tested on.</summary>
/// <remarks>Deterministic: equal scores order by popularity, then by item index. After <see cref="Fit"/>, threads may share one.</remarks>
public interface IBaseline
{
    /// <summary>What it is, as printed in tables.</summary>
    string Name { get; }

    /// <summary>Counts what the rows hold; replaces what an earlier call counted.</summary>
    /// <param name="rows">Training rows, each user's in order of time.</param>
    void Fit(IReadOnlyList<Interaction> rows);

    /// <summary>The best items after a history, best first, each once.</summary>
    /// <param name="history">Item indexes, oldest first; may be empty.</param>
    /// <param name="k">Items wanted, at least 1; fewer come only where the catalog has fewer.</param>
    /// <returns>Item indexes. Items of the history may be among them, since people buy again.</returns>
    IReadOnlyList<int> Recommend(ReadOnlySpan<int> history, int k);
}
