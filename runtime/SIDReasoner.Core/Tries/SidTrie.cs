using System.Runtime.CompilerServices;

namespace SIDReasoner.Core.Tries;

/// <summary>The catalogue's prefix tree as level arrays, over memory or a mapped file.</summary>
/// <remarks>
/// Depth d counts tokens spelled: depth 0 holds the root alone, a node of depth d is named (d, index). Children of a node are neighbors at the next depth, in
/// ascending order of token id. A node without children ends a SID; ends are numbered by depth, then node (the SID number). The form: docs/formats/sidtrie.md.
/// Immutable; any number of threads, none of which may use it, or a span of it, after <see cref="Dispose"/>. Lookups allocate nothing.
/// Source: the level arrays of STATIC (arXiv:2602.22647), section 3.
/// </remarks>
public sealed unsafe partial class SidTrie : IDisposable
{
    /// <summary>Most tokens of a SID.</summary>
    public const int MaxLevels = TrieFormat.MaxLevels;

    private readonly TrieImage _image;
    private readonly TrieLevel[] _levels;
    private readonly uint* _sidColumns;
    private readonly ulong* _itemStart;
    private readonly PackedItemIds _itemIds;
    private readonly int[]? _startsBefore;
    private int[]? _sidOfItem;

    /// <summary>Reads the arrays of an image that is known to be sound.</summary>
    internal SidTrie(TrieImage image)
    {
        _image = image;
        var header = (TrieHeader*)image.Pointer;
        LevelCount = (int)header->Levels;
        ItemCount = (long)header->Items;
        IsRagged = (header->Flags & TrieFormat.FlagRagged) != 0;
        _levels = new TrieLevel[LevelCount + 1];
        var table = (TrieSection*)(image.Pointer + TrieFormat.HeaderBytes);
        for (var i = 0; i < header->SectionCount; i++)
        {
            var data = image.Pointer + table[i].Offset;
            var count = (long)(table[i].Bytes / Math.Max(1, table[i].ElementSize));
            switch (table[i].Kind)
            {
                case TrieFormat.FirstChild:
                    if (table[i].ElementSize == sizeof(uint))
                        _levels[table[i].Depth].FirstChildBase = (uint*)data;
                    else
                        _levels[table[i].Depth].FirstChildLow = (ushort*)data;
                    _levels[table[i].Depth].NodeCount = (int)count - 1;
                    break;
                case TrieFormat.FirstChildBase:
                    _levels[table[i].Depth].FirstChildBase = (uint*)data;
                    break;
                case TrieFormat.Rank:
                    _levels[table[i].Depth].NarrowRank = table[i].ElementSize == 1 ? data : null;
                    _levels[table[i].Depth].WideRank = table[i].ElementSize == 2 ? (ushort*)data : null;
                    _levels[table[i].Depth].NodeCount = (int)count;
                    break;
                case TrieFormat.TokenOf:
                    _levels[table[i].Depth].TokenOf = (uint*)data;
                    _levels[table[i].Depth].TokenCount = (int)count;
                    break;
                case TrieFormat.EndRank:
                    _levels[table[i].Depth].EndRank = (uint*)data;
                    break;
                case TrieFormat.ItemStart:
                    _itemStart = (ulong*)data;
                    break;
                case TrieFormat.ItemIds:
                    _itemIds = new PackedItemIds((ulong*)data, ItemCount);
                    break;
                case TrieFormat.SidColumns:
                    _sidColumns = (uint*)data;
                    ColumnCount = (int)count;
                    break;
            }
        }

        for (var depth = 0; depth <= LevelCount; depth++)
            Complete(ref _levels[depth], depth);
        _startsBefore = _itemStart == null ? null : CountStarts();
    }

    /// <summary>Tokens of the longest SID (L).</summary>
    public int LevelCount { get; }

    /// <summary>Items (N).</summary>
    public long ItemCount { get; }

    /// <summary>Distinct SIDs.</summary>
    public int SidCount { get; private set; }

    /// <summary>SID columns (S).</summary>
    public int ColumnCount { get; }

    /// <summary>Whether SIDs differ in depth.</summary>
    public bool IsRagged { get; }

    /// <summary>Address of the image, a multiple of 64, for a kernel that takes the whole file; see <see cref="ImageBytes"/>.</summary>
    public nint ImagePointer => (nint)_image.Pointer;

    /// <summary>Bytes of the image.</summary>
    public long ImageBytes => _image.Length;

    /// <summary>The first 16 bytes of the source hash that the writer was given; zeros if none, and in a trie that was just built.</summary>
    public ReadOnlySpan<byte> SourceHash => new(((TrieHeader*)_image.Pointer)->SourceHash, 16);

    /// <summary>The token id of each SID column, u32 [S], ascending.</summary>
    public ReadOnlySpan<uint> SidColumns => new(_sidColumns, ColumnCount);

    /// <summary>Nodes of a depth, 0 to L; 1 at depth 0.</summary>
    public int NodeCount(int depth) => _levels[depth].NodeCount;

    /// <summary>Most children that a node of this depth has; 0 at depth L. The widest sets the work a beam can make.</summary>
    public int MaxFanOut(int depth) => _levels[depth].MaxFanOut;

    /// <summary>Address of the ranks, u8 or u16 [nodes] by <see cref="RankSize"/>; depth 1 to L.</summary>
    public nint RankPointer(int depth) => _levels[depth].NarrowRank != null ? (nint)_levels[depth].NarrowRank : (nint)_levels[depth].WideRank;

    /// <summary>Bytes of a rank at this depth: 1 where the level has at most 256 tokens, else 2.</summary>
    public int RankSize(int depth) => _levels[depth].NarrowRank != null ? 1 : 2;

    /// <summary>The tokens that lead to this depth, u32, ascending; a node's is at its rank. Depth 1 to L.</summary>
    public ReadOnlySpan<uint> TokenOf(int depth) => new(_levels[depth].TokenOf, _levels[depth].TokenCount);

    /// <summary>The SID column of each rank, in the order of <see cref="TokenOf"/>.</summary>
    public ReadOnlySpan<int> ColumnOf(int depth) => _levels[depth].Columns;

    /// <summary>The place of a node's token among the tokens of its level; depth 1 to L.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int RankOf(int depth, uint node) => Level(depth, node).RankOf(node);

    /// <summary>The token that leads to a node; depth 1 to L.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public uint Token(int depth, uint node)
    {
        ref readonly var level = ref Level(depth, node);
        return level.TokenOf[level.RankOf(node)];
    }

    /// <summary>The SID column of the token that leads to a node; depth 1 to L.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Column(int depth, uint node)
    {
        ref readonly var level = ref Level(depth, node);
        return level.Columns[level.RankOf(node)];
    }

    /// <summary>The children of a node: nodes <paramref name="first"/> to <paramref name="end"/> - 1 of the next depth; none where it ends a SID.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Children(int depth, uint node, out uint first, out uint end)
    {
        ref readonly var level = ref Level(depth, node);
        if (level.FirstChildBase == null)
        {
            first = end = 0;
            return;
        }

        first = level.FirstChild(node);
        end = level.FirstChild(node + 1);
    }

    /// <summary>Whether a node ends a SID: it has no children.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool IsEnd(int depth, uint node)
    {
        ref readonly var level = ref Level(depth, node);
        return level.FirstChildBase == null || level.FirstChild(node) == level.FirstChild(node + 1);
    }

    /// <summary>The parent of a node of depth 1 to L, at the depth before. O(log nodes).</summary>
    public uint Parent(int depth, uint node)
    {
        _ = Level(depth, node);
        ref readonly var parents = ref _levels[depth - 1];
        uint low = 0, high = (uint)parents.NodeCount; // FirstChild(low) <= node < FirstChild(high)
        while (high - low > 1)
        {
            var middle = (low + high) >>> 1;
            if (parents.FirstChild(middle) <= node)
                low = middle;
            else
                high = middle;
        }

        return low;
    }

    /// <summary>Writes the tokens from the root to a node.</summary>
    /// <param name="depth">The node's depth.</param>
    /// <param name="node">The node.</param>
    /// <param name="destination">At least <paramref name="depth"/> long; the rest is left.</param>
    public void CopyTokens(int depth, uint node, Span<int> destination)
    {
        for (; depth > 0; depth--)
        {
            destination[depth - 1] = (int)Token(depth, node);
            node = Parent(depth, node);
        }
    }

    /// <summary>Follows token ids from the root.</summary>
    /// <param name="tokenIds">The first tokens of a SID; none leads to the root.</param>
    /// <param name="depth">The depth reached.</param>
    /// <param name="node">The node reached.</param>
    /// <returns>Whether every token could be followed. The node may still have children: see <see cref="IsEnd"/>.</returns>
    public bool TryFind(ReadOnlySpan<int> tokenIds, out int depth, out uint node)
    {
        depth = 0;
        node = 0;
        foreach (var token in tokenIds)
        {
            if (depth == LevelCount || token < 0)
                return false;
            Children(depth, node, out var first, out var end);
            var rank = TokenOf(depth + 1).BinarySearch((uint)token);
            if (rank < 0)
                return false;
            ref readonly var next = ref _levels[depth + 1];
            while (first < end)
            {
                var middle = (first + end) >>> 1;
                if (next.RankOf(middle) < rank)
                    first = middle + 1;
                else
                    end = middle;
            }

            if (first >= next.NodeCount || next.RankOf(first) != rank || !IsChild(depth, node, first))
                return false;
            depth++;
            node = first;
        }

        return true;
    }

    /// <summary>Unmaps the file, if there is one.</summary>
    public void Dispose() => _image.Dispose();

    private bool IsChild(int depth, uint node, uint child)
    {
        Children(depth, node, out var first, out var end);
        return child >= first && child < end;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ref readonly TrieLevel Level(int depth, uint node)
    {
        ref readonly var level = ref _levels[depth];
        if (node >= (uint)level.NodeCount)
            ThrowNoNode(depth, node);
        return ref level;
    }

    private void ThrowNoNode(int depth, uint node) =>
        throw new ArgumentOutOfRangeException(nameof(node), node, $"Depth {depth} has {_levels[depth].NodeCount} nodes.");
}
