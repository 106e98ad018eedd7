namespace SIDReasoner.Core.Tries;

/// <summary>
/// Which items a request may be given, lifted to the trie: one bit a node, set where the node leads to an allowed item, so that the
/// search never enters a dead branch. A SID that several items share is allowed when one of them is.
/// </summary>
/// <remarks>Made once a request in O(items + nodes); reading is one bit. Unchanging, so it may be shared by threads.</remarks>
public sealed class SidFilter
{
    private readonly ulong[][] _bits;

    private SidFilter(ulong[][] bits, long allowedSids)
    {
        _bits = bits;
        AllowedSidCount = allowedSids;
    }

    /// <summary>SIDs that are allowed.</summary>
    public long AllowedSidCount { get; }

    /// <summary>Makes a filter from a question about each item.</summary>
    /// <param name="trie">The catalogue's trie.</param>
    /// <param name="isAllowed">Whether the item at an index of the catalogue is allowed; asked once an item.</param>
    /// <returns>The filter.</returns>
    public static SidFilter Create(SidTrie trie, Func<int, bool> isAllowed)
    {
        ArgumentNullException.ThrowIfNull(trie);
        ArgumentNullException.ThrowIfNull(isAllowed);
        var items = new ulong[(trie.ItemCount + 63) / 64];
        for (int item = 0; item < trie.ItemCount; item++)
        {
            if (isAllowed(item))
            {
                items[item >> 6] |= 1UL << (item & 63);
            }
        }

        return Create(trie, items);
    }

    /// <summary>Makes a filter from a bitmap over the items.</summary>
    /// <param name="trie">The catalogue's trie.</param>
    /// <param name="allowedItems">Bit i % 64 of word i / 64 stands for item i of the catalogue.</param>
    /// <returns>The filter.</returns>
    /// <exception cref="ArgumentException"><paramref name="allowedItems"/> is not one bit an item long.</exception>
    public static SidFilter Create(SidTrie trie, ReadOnlySpan<ulong> allowedItems)
    {
        ArgumentNullException.ThrowIfNull(trie);
        long words = (trie.ItemCount + 63) / 64;
        if (allowedItems.Length != words)
        {
            throw new ArgumentException($"allowedItems holds {allowedItems.Length} words; expected {words}, one bit for each of {trie.ItemCount} items.", nameof(allowedItems));
        }

        var bits = new ulong[trie.LevelCount + 1][];
        for (int depth = 0; depth <= trie.LevelCount; depth++)
        {
            bits[depth] = new ulong[(trie.NodeCount(depth) + 63) / 64];
        }

        int[] sidOfItem = trie.SidNumberOfItems();
        var allowedSids = new ulong[(trie.SidCount + 63) / 64];
        for (int item = 0; item < sidOfItem.Length; item++)
        {
            if (IsSet(allowedItems, item))
            {
                Set(allowedSids, sidOfItem[item]);
            }
        }

        for (int depth = trie.LevelCount; depth >= 0; depth--)
        {
            Lift(trie, depth, allowedSids, bits);
        }

        long count = 0;
        foreach (ulong word in allowedSids)
        {
            count += System.Numerics.BitOperations.PopCount(word);
        }

        return new SidFilter(bits, count);
    }

    /// <summary>Whether a node leads to an allowed item.</summary>
    /// <param name="depth">From 0 to the trie's level count.</param>
    /// <param name="node">A node of that depth.</param>
    /// <returns>The node's bit.</returns>
    public bool IsAllowed(int depth, uint node) => (_bits[depth][node >> 6] >> (int)(node & 63) & 1) != 0;

    /// <summary>The bits of a depth's nodes: bit i % 64 of word i / 64 stands for node i.</summary>
    /// <param name="depth">From 0 to the trie's level count.</param>
    /// <returns>One bit a node; the bits beyond the last node are 0.</returns>
    public ReadOnlySpan<ulong> Bits(int depth) => _bits[depth];

    private static void Lift(SidTrie trie, int depth, ulong[] allowedSids, ulong[][] bits)
    {
        int nodes = trie.NodeCount(depth);
        for (uint node = 0; node < nodes; node++)
        {
            if (trie.IsEnd(depth, node))
            {
                if (IsSet(allowedSids, trie.SidNumber(depth, node)))
                {
                    Set(bits[depth], (int)node);
                }

                continue;
            }

            trie.Children(depth, node, out uint first, out uint end);
            for (uint child = first; child < end; child++)
            {
                if (IsSet(bits[depth + 1], (int)child))
                {
                    Set(bits[depth], (int)node);
                    break;
                }
            }
        }
    }

    private static bool IsSet(ReadOnlySpan<ulong> bits, int index) => (bits[index >> 6] >> (index & 63) & 1) != 0;

    private static void Set(ulong[] bits, int index) => bits[index >> 6] |= 1UL << (index & 63);
}
