namespace SIDReasoner.Core.Tries;

/// <summary>Builds a <see cref="SidTrie"/> from the token ids of every item's SID.</summary>
public static class SidTrieBuilder
{
    /// <summary>Builds from one array of token ids an item; depths may differ, items may share a SID.</summary>
    /// <param name="sidTokenIdsPerItem">Token ids of each item's SID, first level first; the item's index is its place.</param>
    /// <param name="sidColumns">The token id of each SID column, strictly ascending; holds at least every id used.</param>
    /// <exception cref="SidReasonerException">No items, an empty SID, a SID that is a prefix of another, one of more than 8 tokens, or a token outside the columns.</exception>
    /// <remarks>O(N log N) in the number of items. The result does not depend on the items' order except for the item indexes it holds.</remarks>
    public static SidTrie Build(IReadOnlyList<int[]> sidTokenIdsPerItem, ReadOnlySpan<int> sidColumns)
    {
        var lengths = new int[sidTokenIdsPerItem.Count];
        var levels = 0;
        for (var item = 0; item < lengths.Length; item++)
        {
            lengths[item] = sidTokenIdsPerItem[item].Length;
            levels = Math.Max(levels, lengths[item]);
            if (lengths[item] == 0)
                throw new SidReasonerException($"Item {item} has an empty SID; expected at least one token.");
        }

        CheckShape(lengths.Length, levels);
        var padded = new int[checked(lengths.Length * levels)];
        Array.Fill(padded, SidSorter.NoToken);
        for (var item = 0; item < lengths.Length; item++)
            sidTokenIdsPerItem[item].CopyTo(padded, item * levels);
        return Build(padded, levels, sidColumns, allowsShort: true);
    }

    /// <summary>Builds from SIDs of one depth, flat.</summary>
    /// <param name="flat">Token ids, int [items, levels], row-major; the row is the item's index.</param>
    /// <param name="levels">Tokens a SID, 1 to 8.</param>
    /// <param name="sidColumns">As in the other overload.</param>
    /// <exception cref="SidReasonerException">As in the other overload.</exception>
    /// <exception cref="ArgumentException"><paramref name="flat"/> is not a whole number of rows.</exception>
    public static SidTrie Build(ReadOnlySpan<int> flat, int levels, ReadOnlySpan<int> sidColumns)
    {
        if (levels <= 0 || flat.Length % levels != 0)
            throw new ArgumentException($"{flat.Length} token ids are not a whole number of rows of {levels}.", nameof(flat));
        CheckShape(flat.Length / levels, levels);
        return Build(flat, levels, sidColumns, allowsShort: false);
    }

    private static void CheckShape(int items, int levels)
    {
        if (items == 0)
            throw new SidReasonerException("There are no items; a trie needs at least one.");
        if (levels > TrieFormat.MaxLevels)
            throw new SidReasonerException($"A SID has {levels} tokens; expected at most {TrieFormat.MaxLevels}.");
    }

    private static SidTrie Build(ReadOnlySpan<int> tokens, int levels, ReadOnlySpan<int> columns, bool allowsShort)
    {
        CheckColumns(columns);
        var sorter = new SidSorter(tokens, levels, columns, allowsShort);
        return new SidTrie(new TrieAssembler(sorter, columns).Assemble());
    }

    private static void CheckColumns(ReadOnlySpan<int> columns)
    {
        for (var column = 0; column < columns.Length; column++)
        {
            if (columns[column] < 0 || (column > 0 && columns[column] <= columns[column - 1]))
                throw new SidReasonerException($"SID column {column} has token id {columns[column]}; expected ids of 0 or more, strictly ascending.");
        }
    }
}
