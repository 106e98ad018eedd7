using SIDReasoner.Core.Items;
using SIDReasoner.Core.SemanticIds;

namespace SIDReasoner.Train.Data;

/// <summary>A window model's prompt: begin of sequence, then the SID tokens of the last items, oldest first, nothing between.</summary>
/// <remarks>The same tokens as Core's prompt template of kind "window" gives; here for item indexes, without a tokenizer. Immutable.</remarks>
public sealed class WindowPrompt
{
    private readonly int[][] _tokensOf;
    private readonly int _bosToken;
    private readonly int _historyItems;

    /// <summary>Encodes the catalogue once.</summary>
    /// <param name="catalog">The items.</param>
    /// <param name="vocabulary">The model's SID tokens.</param>
    /// <param name="bosToken">The token every prompt begins with.</param>
    /// <param name="historyItems">Most items of a prompt.</param>
    public WindowPrompt(ItemCatalog catalog, SidVocabulary vocabulary, int bosToken, int historyItems)
    {
        _tokensOf = [.. catalog.Items.Select(item => vocabulary.Encode(item.Sid))];
        _bosToken = bosToken;
        _historyItems = historyItems;
    }

    /// <summary>SID tokens of an item.</summary>
    /// <param name="item">Its index in the catalogue.</param>
    public int[] TokensOf(int item) => _tokensOf[item];

    /// <summary>The prompt of a history.</summary>
    /// <param name="history">Item indexes, oldest first.</param>
    /// <returns>Token ids.</returns>
    public int[] Build(IReadOnlyList<int> history) =>
        [_bosToken, .. history.Skip(Math.Max(0, history.Count - _historyItems)).SelectMany(item => _tokensOf[item])];
}
