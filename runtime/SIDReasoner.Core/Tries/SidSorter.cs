using System.Numerics;

namespace SIDReasoner.Core.Tries;

/// <summary>Ranks the tokens of each level and sorts the items by SID, then by index.</summary>
internal sealed class SidSorter
{
    /// <summary>Fills a SID up to the longest depth.</summary>
    public const int NoToken = -1;

    private readonly int _levels;

    public SidSorter(ReadOnlySpan<int> tokens, int levels, ReadOnlySpan<int> columns, bool allowsShort)
    {
        _levels = levels;
        var items = tokens.Length / levels;
        TokensOfLevel = new uint[levels][];

        // Rank + 1, so that 0 stands for "ended" and sorts first.
        Ranks = new int[tokens.Length];
        var rankOfColumn = new int[columns.Length];
        for (var level = 0; level < levels; level++)
        {
            Array.Clear(rankOfColumn);
            for (var item = 0; item < items; item++)
            {
                var token = tokens[item * levels + level];
                if (token == NoToken && allowsShort)
                    continue;
                var column = columns.BinarySearch(token);
                if (column < 0)
                    throw new SidReasonerException($"Item {item} has token id {token} at level {level + 1}; expected one of the {columns.Length} SID token ids.");
                rankOfColumn[column] = 1;
                Ranks[item * levels + level] = column + 1;
            }

            var used = new List<uint>();
            for (var column = 0; column < columns.Length; column++)
            {
                if (rankOfColumn[column] == 0)
                    continue;
                used.Add((uint)columns[column]);
                rankOfColumn[column] = used.Count;
            }

            if (used.Count > TrieFormat.MaxTokensPerLevel)
                throw new SidReasonerException($"Level {level + 1} uses {used.Count} tokens; expected at most {TrieFormat.MaxTokensPerLevel}.");
            TokensOfLevel[level] = [.. used];
            for (var at = level; at < Ranks.Length; at += levels)
                Ranks[at] = Ranks[at] == 0 ? 0 : rankOfColumn[Ranks[at] - 1];
        }

        Order = Sort(items);
    }

    /// <summary>Levels of the longest SID.</summary>
    public int Levels => _levels;

    /// <summary>Token ids of each level, ascending.</summary>
    public uint[][] TokensOfLevel { get; }

    /// <summary>int [items, levels]: the rank of each token plus 1; 0 past the SID's end.</summary>
    public int[] Ranks { get; }

    /// <summary>Item indexes in order of SID, then index.</summary>
    public int[] Order { get; }

    /// <summary>The ranks of an item's SID, 0 past its end.</summary>
    public ReadOnlySpan<int> Row(int item) => Ranks.AsSpan(item * _levels, _levels);

    private int[] Sort(int items)
    {
        var order = new int[items];
        for (var item = 0; item < items; item++)
            order[item] = item;
        var bits = TokensOfLevel.Select(level => BitOperations.Log2((uint)level.Length + 1) + 1).ToArray();
        if (bits.Sum() > 64)
        {
            Array.Sort(order, (left, right) =>
            {
                var sids = Row(left).SequenceCompareTo(Row(right));
                return sids != 0 ? sids : left.CompareTo(right);
            });
            return order;
        }

        var keys = new ulong[items];
        for (var item = 0; item < items; item++)
        {
            for (var level = 0; level < _levels; level++)
                keys[item] = (keys[item] << bits[level]) | (uint)Ranks[item * _levels + level];
        }

        Array.Sort(keys, order);
        for (var start = 0; start < items;)
        {
            var end = start + 1;
            while (end < items && keys[end] == keys[start])
                end++;
            if (end - start > 1)
                Array.Sort(order, start, end - start);
            start = end;
        }

        return order;
    }
}
