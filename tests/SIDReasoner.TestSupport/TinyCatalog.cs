using SIDReasoner.Core.Items;
using SIDReasoner.Core.SemanticIds;
using SIDReasoner.Core.Tries;

namespace SIDReasoner.TestSupport;

/// <summary>A catalogue small enough to read, with its vocabulary and trie.</summary>
public sealed class TinyCatalog : IDisposable
{
    private TinyCatalog(IReadOnlyList<Item> items, int firstTokenId)
    {
        Catalog = new ItemCatalog(items);
        Vocabulary = SidVocabulary.Append(Catalog.Sids, firstTokenId);
        Trie = Catalog.BuildTrie(Vocabulary);
    }

    /// <summary>The items.</summary>
    public ItemCatalog Catalog { get; }

    /// <summary>Their SID tokens, in the reference's order.</summary>
    public SidVocabulary Vocabulary { get; }

    /// <summary>Their trie.</summary>
    public SidTrie Trie { get; }

    /// <summary>Items "i0", "i1", ... titled "Item 0", ... with different SIDs of three levels that share first and middle codes.</summary>
    /// <param name="count">At least 1.</param>
    /// <param name="firstTokenId">The id of the first SID token.</param>
    public static TinyCatalog WithItems(int count, int firstTokenId = 3) => new(
        [.. Enumerable.Range(0, count).Select(i => new Item($"i{i}", $"Item {i}", SemanticId.Parse($"<a_{i % 3}><b_{i / 3 % 4}><c_{i / 12}>")))], firstTokenId);

    /// <summary>One item a SID, in order.</summary>
    /// <param name="sids">Joined tokens, such as "&lt;a_1&gt;&lt;b_2&gt;".</param>
    public static TinyCatalog WithSids(params string[] sids) => new(
        [.. sids.Select((sid, i) => new Item($"i{i}", $"Item {i}", SemanticId.Parse(sid)))], 3);

    /// <inheritdoc/>
    public void Dispose() => Trie.Dispose();
}
