using System.Runtime.InteropServices;
using SIDReasoner.Core.SemanticIds;
using SIDReasoner.Core.Tries;

namespace SIDReasoner.Core.Items;

/// <summary>All items: item id to index, SID to items, and the prefix tree. An item's index is its place in <see cref="Items"/>.</summary>
/// <remarks>Immutable; any number of threads. No SID is empty or a prefix of another; several items may share one; depths may differ.</remarks>
public sealed class ItemCatalog
{
    private readonly Dictionary<string, int> _indexOfId = new(StringComparer.Ordinal);
    private readonly Dictionary<SemanticId, List<int>> _itemsOfSid = [];

    /// <summary>A catalogue from items, in the order given.</summary>
    /// <exception cref="InvalidFileException">No item at all, an id is empty or there twice, a SID is a prefix of another: every problem found.</exception>
    public ItemCatalog(IReadOnlyList<Item> items)
        : this(items, "catalog")
    {
    }

    internal ItemCatalog(IReadOnlyList<Item> items, string source)
    {
        Items = [.. items];
        var problems = new List<string>();
        if (Items.Count == 0)
            problems.Add("there are no items.");
        for (var index = 0; index < Items.Count; index++)
        {
            var item = Items[index];
            LevelCount = Math.Max(LevelCount, item.Sid.Depth);
            if (item.Id.Length == 0)
                problems.Add($"item {index} ('{item.Title}') has an empty id.");
            else if (!_indexOfId.TryAdd(item.Id, index))
                problems.Add($"item id '{item.Id}' occurs twice, as item {_indexOfId[item.Id]} and as item {index}.");
            if (CollectionsMarshal.GetValueRefOrAddDefault(_itemsOfSid, item.Sid, out _) is { } sharing)
                sharing.Add(index);
            else
                _itemsOfSid[item.Sid] = [index];
        }

        if (LevelCount > SidTrie.MaxLevels)
            problems.Add($"item '{Items.First(item => item.Sid.Depth == LevelCount).Id}' has a SID of {LevelCount} tokens; expected at most {SidTrie.MaxLevels}.");
        FindPrefixes(problems);
        if (problems.Count > 0)
            throw new InvalidFileException(source, problems);
    }

    /// <summary>Every item; its place is its index.</summary>
    public IReadOnlyList<Item> Items { get; }

    /// <summary>Tokens of the longest SID (L).</summary>
    public int LevelCount { get; }

    /// <summary>Number of distinct SIDs.</summary>
    public int SidCount => _itemsOfSid.Count;

    /// <summary>The distinct SIDs, in order of first occurrence.</summary>
    public IReadOnlyCollection<SemanticId> Sids => _itemsOfSid.Keys;

    /// <summary>Reads a catalogue folder: MiniOneRec's files in either layout, or our <c>items.jsonl</c>.</summary>
    /// <exception cref="InvalidFileException">A file is wrong or the files disagree: every problem found.</exception>
    /// <exception cref="SidReasonerException">The folder or a needed file is missing.</exception>
    public static ItemCatalog Load(string folder) => ItemCatalogReader.Load(folder);

    /// <summary>Writes <c>items.jsonl</c> into a folder: a line an item, in order of index.</summary>
    /// <exception cref="SidReasonerException">The file cannot be written; an old one is as it was.</exception>
    public void Save(string folder) => ItemsJsonLines.Write(Path.Combine(folder, ItemsJsonLines.FileName), Items);

    /// <summary>The index of an item id.</summary>
    public bool TryGetIndex(string itemId, out int index) => _indexOfId.TryGetValue(itemId, out index);

    /// <summary>Indexes of the items of a SID, ascending; empty where no item has it.</summary>
    public IReadOnlyList<int> ItemsOf(SemanticId sid) => _itemsOfSid.TryGetValue(sid, out var items) ? items : [];

    /// <summary>The prefix tree of the SIDs in token ids; the vocabulary's ids are the SID columns.</summary>
    /// <exception cref="InvalidFileException">The vocabulary lacks tokens of the catalogue: every one named.</exception>
    public SidTrie BuildTrie(SidVocabulary vocabulary)
    {
        var unknown = Sids.SelectMany(sid => sid.Tokens).Where(token => !vocabulary.TryGetId(token, out _)).Distinct(StringComparer.Ordinal).Order(CodePointComparer.Instance).ToList();
        if (unknown.Count > 0)
        {
            throw new InvalidFileException("catalog", [.. unknown.Select(token =>
                $"SID token '{token}' is none of the vocabulary's {vocabulary.Count} SID tokens. Use the tokenizer that was made for this catalog.")]);
        }

        return SidTrieBuilder.Build([.. Items.Select(item => vocabulary.Encode(item.Sid))], vocabulary.TokenIdSpan);
    }

    private void FindPrefixes(List<string> problems)
    {
        if (LevelCount == 0 || Items.All(item => item.Sid.Depth == LevelCount))
            return;

        // In token order everything that extends a SID follows it at once.
        var sorted = _itemsOfSid.Keys.Order().ToList();
        for (var i = 1; i < sorted.Count; i++)
        {
            if (sorted[i - 1].IsProperPrefixOf(sorted[i]))
            {
                problems.Add($"SID '{sorted[i - 1]}' of item '{Items[_itemsOfSid[sorted[i - 1]][0]].Id}' is a prefix of SID '{sorted[i]}' of item '{Items[_itemsOfSid[sorted[i]][0]].Id}'; "
                    + "expected that no SID begins another.");
            }
        }
    }
}
