namespace SIDReasoner.Core.Tries;

/// <summary>Which nodes of a trie lead to an item that a request allows: one bit a node.</summary>
/// <remarks>
/// A SID is allowed where any of its items is; a node where any child is. Immutable; any number of threads; belongs to one trie.
/// Word w, bit b (least significant first) of a depth is node 64 w + b; bits past the last node are 0.
/// </remarks>
public sealed class SidFilter
{
    private readonly SidTrie _trie;
    private readonly ulong[][] _bits;

    private SidFilter(SidTrie trie)
    {
        _trie = trie;
        _bits = new ulong[trie.LevelCount + 1][];
        for (var depth = 0; depth < _bits.Length; depth++)
            _bits[depth] = new ulong[((uint)trie.NodeCount(depth) + 63) / 64];
    }

    /// <summary>Distinct SIDs that are allowed; 0 means that nothing can be recommended.</summary>
    public long AllowedSidCount { get; private set; }

    /// <summary>A filter from a question about each item, by item index. O(items + nodes).</summary>
    public static SidFilter Create(SidTrie trie, Func<int, bool> isItemAllowed)
    {
        ArgumentNullException.ThrowIfNull(isItemAllowed);
        var filter = new SidFilter(trie);
        var items = new List<int>();
        for (var sid = 0; sid < trie.SidCount; sid++)
        {
            items.Clear();
            trie.CopyItems(sid, items);
            if (items.Exists(item => isItemAllowed(item)))
                filter.Allow(sid);
        }

        filter.RaiseToRoot();
        return filter;
    }

    /// <summary>A filter from a bit an item, by item index (least significant first). O(items + nodes).</summary>
    /// <exception cref="ArgumentException">There are not ceil(items / 64) words.</exception>
    public static SidFilter Create(SidTrie trie, ReadOnlySpan<ulong> allowedItemBits)
    {
        if (allowedItemBits.Length != (trie.ItemCount + 63) / 64)
            throw new ArgumentException($"{allowedItemBits.Length} words; expected {(trie.ItemCount + 63) / 64} for {trie.ItemCount} items.", nameof(allowedItemBits));
        var filter = new SidFilter(trie);
        var items = new List<int>();
        for (var sid = 0; sid < trie.SidCount; sid++)
        {
            items.Clear();
            trie.CopyItems(sid, items);
            foreach (var item in items)
            {
                if ((allowedItemBits[item >> 6] >> (item & 63) & 1) == 0)
                    continue;
                filter.Allow(sid);
                break;
            }
        }

        filter.RaiseToRoot();
        return filter;
    }

    /// <summary>Allows everything but some items: what <c>--exclude-history</c> asks for. O(nodes / 64 + excluded items * fan-out).</summary>
    /// <param name="trie">The catalogue's trie.</param>
    /// <param name="excludedItems">Item indexes, in any order, repeated or not. A SID is shut out only where all its items are among them.</param>
    public static SidFilter AllExcept(SidTrie trie, ReadOnlySpan<int> excludedItems)
    {
        var filter = new SidFilter(trie);
        for (var depth = 0; depth <= trie.LevelCount; depth++)
        {
            Array.Fill(filter._bits[depth], ulong.MaxValue);
            if (trie.NodeCount(depth) % 64 != 0)
                filter._bits[depth][^1] = (1UL << (trie.NodeCount(depth) % 64)) - 1;
        }

        filter.AllowedSidCount = trie.SidCount;
        var items = new List<int>();
        foreach (var item in excludedItems)
        {
            var sid = trie.SidNumberOfItem(item);
            items.Clear();
            trie.CopyItems(sid, items);
            if (AllIn(items, excludedItems))
                filter.ShutOut(sid);
        }

        return filter;
    }

    /// <summary>Whether a node leads to an allowed item.</summary>
    public bool IsAllowed(int depth, uint node) => (_bits[depth][node >> 6] >> (int)(node & 63) & 1) != 0;

    /// <summary>The bits of a depth, 0 to L: ceil(nodes / 64) words.</summary>
    public ReadOnlySpan<ulong> Bits(int depth) => _bits[depth];

    private static bool AllIn(List<int> items, ReadOnlySpan<int> set)
    {
        foreach (var item in items)
        {
            if (!set.Contains(item))
                return false;
        }

        return true;
    }

    private void Allow(int sid)
    {
        _trie.FindEnd(sid, out var depth, out var node);
        _bits[depth][node >> 6] |= 1UL << (int)(node & 63);
        AllowedSidCount++;
    }

    private void RaiseToRoot()
    {
        for (var depth = _trie.LevelCount - 1; depth >= 0; depth--)
        {
            for (uint node = 0; node < _trie.NodeCount(depth); node++)
            {
                _trie.Children(depth, node, out var first, out var end);
                if (AnyAllowed(depth + 1, first, end))
                    _bits[depth][node >> 6] |= 1UL << (int)(node & 63);
            }
        }
    }

    private void ShutOut(int sid)
    {
        _trie.FindEnd(sid, out var depth, out var node);
        if (!IsAllowed(depth, node))
            return;
        AllowedSidCount--;
        while (true)
        {
            _bits[depth][node >> 6] &= ~(1UL << (int)(node & 63));
            if (depth == 0)
                return;
            node = _trie.Parent(depth, node);
            depth--;
            _trie.Children(depth, node, out var first, out var end);
            if (AnyAllowed(depth + 1, first, end))
                return;
        }
    }

    private bool AnyAllowed(int depth, uint first, uint end)
    {
        if (first == end)
            return false;
        var bits = _bits[depth];
        var (firstWord, lastWord) = (first >> 6, (end - 1) >> 6);
        for (var word = firstWord; word <= lastWord; word++)
        {
            var value = bits[word];
            if (word == firstWord)
                value &= ulong.MaxValue << (int)(first & 63);
            if (word == lastWord && (end & 63) != 0)
                value &= (1UL << (int)(end & 63)) - 1;
            if (value != 0)
                return true;
        }

        return false;
    }
}
