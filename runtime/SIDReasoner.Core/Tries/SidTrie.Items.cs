using System.Numerics;

namespace SIDReasoner.Core.Tries;

/// <summary>From ends to SID numbers to items.</summary>
public sealed unsafe partial class SidTrie
{
    /// <summary>The number of the SID that a node ends, 0 to <see cref="SidCount"/> - 1, or -1 where it ends none. O(1).</summary>
    public int SidNumber(int depth, uint node)
    {
        ref readonly var level = ref Level(depth, node);
        if (depth == LevelCount)
            return level.FirstSid + (int)node;
        return level.EndRank != null && IsEnd(depth, node) ? level.FirstSid + (int)level.EndRank[node] : -1;
    }

    /// <summary>The node that ends a SID.</summary>
    public void FindEnd(int sidNumber, out int depth, out uint node)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)sidNumber, (uint)SidCount, nameof(sidNumber));
        depth = LevelCount;
        while (_levels[depth].EndCount == 0 || sidNumber < _levels[depth].FirstSid)
            depth--;
        var place = (uint)(sidNumber - _levels[depth].FirstSid);
        if (depth == LevelCount)
        {
            node = place;
            return;
        }

        // The last node with that many ends before it is the end itself.
        var ranks = _levels[depth].EndRank;
        uint low = 0, high = (uint)_levels[depth].NodeCount; // ranks[low] <= place < ranks[high]
        while (high - low > 1)
        {
            var middle = (low + high) >>> 1;
            if (ranks[middle] <= place)
                low = middle;
            else
                high = middle;
        }

        node = low;
    }

    /// <summary>Items of a SID; at least 1.</summary>
    public int ItemCountOf(int sidNumber)
    {
        ItemRange(sidNumber, out var first, out var end);
        return (int)(end - first);
    }

    /// <summary>The lowest item index of a SID.</summary>
    public int FirstItem(int sidNumber)
    {
        ItemRange(sidNumber, out var first, out _);
        return ItemAt(first);
    }

    /// <summary>Appends the item indexes of a SID to a list, ascending.</summary>
    public void CopyItems(int sidNumber, List<int> into)
    {
        ItemRange(sidNumber, out var first, out var end);
        for (var place = first; place < end; place++)
            into.Add(ItemAt(place));
    }

    /// <summary>The number of an item's SID. O(1); the first call makes a table of 4 bytes an item.</summary>
    public int SidNumberOfItem(int itemIndex)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((ulong)(uint)itemIndex, (ulong)ItemCount, nameof(itemIndex));
        return (_sidOfItem ??= NumberItems())[itemIndex];
    }

    private int[] NumberItems()
    {
        var numbers = new int[ItemCount];
        for (var sid = 0; sid < SidCount; sid++)
        {
            ItemRange(sid, out var first, out var end);
            for (var place = first; place < end; place++)
                numbers[ItemAt(place)] = sid;
        }

        return numbers;
    }

    private int ItemAt(long place) => _itemIds[place];

    private void ItemRange(int sidNumber, out long first, out long end)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)sidNumber, (uint)SidCount, nameof(sidNumber));
        if (_startsBefore is null)
        {
            first = sidNumber;
            end = first + 1;
            return;
        }

        first = Start(sidNumber, _startsBefore);
        end = sidNumber + 1 == SidCount ? ItemCount : Start(sidNumber + 1, _startsBefore);
    }

    /// <summary>The place of the n-th bit that is set: the word by binary search, the bit by clearing the lower ones.</summary>
    private long Start(int n, int[] startsBefore)
    {
        int low = 0, high = startsBefore.Length - 1; // startsBefore[low] <= n < startsBefore[high]
        while (high - low > 1)
        {
            var middle = (low + high) >>> 1;
            if (startsBefore[middle] <= n)
                low = middle;
            else
                high = middle;
        }

        var word = _itemStart[low];
        for (var skip = n - startsBefore[low]; skip > 0; skip--)
            word &= word - 1;
        return (long)low * 64 + BitOperations.TrailingZeroCount(word);
    }

    private int[] CountStarts()
    {
        var counts = new int[(ItemCount + 63) / 64 + 1];
        for (var word = 0; word < counts.Length - 1; word++)
            counts[word + 1] = counts[word] + BitOperations.PopCount(_itemStart[word]);
        return counts;
    }

    /// <summary>Fills in what is computed at load.</summary>
    private void Complete(ref TrieLevel level, int depth)
    {
        level.Columns = new int[level.TokenCount];
        for (var rank = 0; rank < level.TokenCount; rank++)
            level.Columns[rank] = SidColumns.BinarySearch(level.TokenOf[rank]);
        if (depth < LevelCount)
        {
            uint widest = 0;
            for (uint node = 0; node < level.NodeCount; node++)
                widest = Math.Max(widest, level.FirstChild(node + 1) - level.FirstChild(node));
            level.MaxFanOut = (int)widest;
        }

        level.FirstSid = SidCount;
        level.EndCount = depth == LevelCount ? level.NodeCount : level.EndRank != null ? (int)level.EndRank[level.NodeCount] : 0;
        SidCount += level.EndCount;
    }
}
