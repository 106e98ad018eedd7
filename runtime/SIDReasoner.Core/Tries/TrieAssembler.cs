namespace SIDReasoner.Core.Tries;

/// <summary>Turns sorted SIDs into the level arrays of a trie file.</summary>
internal sealed class TrieAssembler
{
    private readonly SidSorter _sids;
    private readonly uint[] _columns;
    private readonly int _levels;
    private readonly List<uint>[] _firstChild;
    private readonly List<int>[] _rank;
    private readonly List<(uint Node, int Start)>[] _ends;
    private readonly int[] _nodes;

    public TrieAssembler(SidSorter sids, ReadOnlySpan<int> columns)
    {
        _sids = sids;
        _levels = sids.Levels;
        _columns = new uint[columns.Length];
        for (var column = 0; column < columns.Length; column++)
            _columns[column] = (uint)columns[column];
        _firstChild = [.. Enumerable.Range(0, _levels).Select(_ => new List<uint>())];
        _rank = [.. Enumerable.Range(0, _levels + 1).Select(_ => new List<int>())];
        _ends = [.. Enumerable.Range(0, _levels + 1).Select(_ => new List<(uint, int)>())];
        _nodes = new int[_levels + 1];
    }

    public TrieImage Assemble()
    {
        AddNodes();
        var (order, starts, shared) = ItemsInSidOrder();
        var reordered = false;
        for (var place = 0; place < order.Length && !reordered; place++)
            reordered = order[place] != place;
        var ragged = Enumerable.Range(1, _levels - 1).Any(depth => _ends[depth].Count > 0);
        var writer = new TrieImageWriter
        {
            Levels = _levels,
            Items = order.Length,
            Flags = (ragged ? TrieFormat.FlagRagged : 0) | (shared ? TrieFormat.FlagSharedSids : 0) | (reordered ? TrieFormat.FlagReordered : 0),
        };
        var packed = Enumerable.Range(0, _levels).Select(depth => PackFirstChildren(_firstChild[depth])).ToArray();
        for (var depth = 0; depth < _levels; depth++)
        {
            if (packed[depth] is { } pair)
                writer.Add(TrieFormat.FirstChild, depth, pair.Low);
            else
                writer.Add(TrieFormat.FirstChild, depth, _firstChild[depth].ToArray());
        }

        for (var depth = 1; depth <= _levels; depth++)
        {
            if (_sids.TokensOfLevel[depth - 1].Length <= 256)
                writer.Add(TrieFormat.Rank, depth, _rank[depth].Select(rank => (byte)rank).ToArray());
            else
                writer.Add(TrieFormat.Rank, depth, _rank[depth].Select(rank => (ushort)rank).ToArray());
        }

        for (var depth = 1; depth <= _levels; depth++)
            writer.Add(TrieFormat.TokenOf, depth, _sids.TokensOfLevel[depth - 1]);
        for (var depth = 1; depth < _levels; depth++)
        {
            if (_ends[depth].Count > 0)
                writer.Add(TrieFormat.EndRank, depth, EndRanks(depth));
        }

        if (shared)
            writer.Add(TrieFormat.ItemStart, 0, starts);
        if (reordered)
            writer.Add(TrieFormat.ItemIds, 0, PackedItemIds.Pack(order));
        writer.Add(TrieFormat.SidColumns, 0, _columns);
        for (var depth = 0; depth < _levels; depth++)
        {
            if (packed[depth] is { } pair)
                writer.Add(TrieFormat.FirstChildBase, depth, pair.Base);
        }

        return writer.Write();
    }

    /// <summary>A base a block of 64 nodes and 16 bits a node above it; null where a block has too many children for that.</summary>
    private static (uint[] Base, ushort[] Low)? PackFirstChildren(List<uint> first)
    {
        var bases = new uint[(first.Count - 1) / TrieFormat.NodesPerBase + 1];
        var low = new ushort[first.Count];
        for (var node = 0; node < first.Count; node++)
        {
            if (node % TrieFormat.NodesPerBase == 0)
                bases[node / TrieFormat.NodesPerBase] = first[node];
            var above = first[node] - bases[node / TrieFormat.NodesPerBase];
            if (above > ushort.MaxValue)
                return null;
            low[node] = (ushort)above;
        }

        return (bases, low);
    }

    private void AddNodes()
    {
        AddNode(0, 0);
        var previous = -1;
        for (var place = 0; place < _sids.Order.Length; place++)
        {
            var item = _sids.Order[place];
            var row = _sids.Row(item);
            var common = previous < 0 ? 0 : row.CommonPrefixLength(_sids.Row(previous));
            if (common == _levels)
                continue;
            if (common > 0 && _sids.Row(previous)[common] == 0)
                throw new SidReasonerException($"The SID of item {previous} is a prefix of that of item {item}; expected that no SID begins another.");
            var depth = common;
            while (depth < _levels && row[depth] != 0)
            {
                AddNode(depth + 1, row[depth] - 1);
                depth++;
            }

            if (depth == 0)
                throw new SidReasonerException($"Item {item} has an empty SID; expected at least one token.");
            _ends[depth].Add(((uint)_nodes[depth] - 1, place));
            previous = item;
        }

        for (var depth = 0; depth < _levels; depth++)
            _firstChild[depth].Add((uint)_nodes[depth + 1]);
    }

    private void AddNode(int depth, int rank)
    {
        _nodes[depth]++;
        _rank[depth].Add(rank);
        if (depth < _levels)
            _firstChild[depth].Add((uint)_nodes[depth + 1]);
    }

    private uint[] EndRanks(int depth)
    {
        var ranks = new uint[_nodes[depth] + 1];
        foreach (var (node, _) in _ends[depth])
            ranks[node + 1] = 1;
        for (var node = 1; node < ranks.Length; node++)
            ranks[node] += ranks[node - 1];
        return ranks;
    }

    private (uint[] Order, ulong[] Starts, bool Shared) ItemsInSidOrder()
    {
        var items = _sids.Order;
        var order = new uint[items.Length];
        var starts = new ulong[(items.Length + 63) / 64];
        var shared = false;
        var at = 0;
        foreach (var (_, start) in _ends.SelectMany(ends => ends))
        {
            starts[at >> 6] |= 1UL << (at & 63);
            var place = start;
            do
            {
                order[at++] = (uint)items[place++];
            }
            while (place < items.Length && _sids.Row(items[place]).SequenceEqual(_sids.Row(items[start])));
            shared |= place - start > 1;
        }

        return (order, starts, shared);
    }
}
