namespace SIDReasoner.Core.Tries;

/// <summary>Whether arrays with good checksums also describe a tree: a writer's mistake must not reach a kernel.</summary>
internal sealed unsafe class TrieStructureChecks(TrieImage image, Dictionary<(uint Kind, uint Depth), TrieSection> sections, List<string> problems)
{
    private readonly TrieHeader* _header = (TrieHeader*)image.Pointer;

    public void Run()
    {
        var columns = Array<uint>(TrieFormat.SidColumns, 0, null);
        if (columns is not { } sidColumns)
            return;
        CheckAscending(TrieFormat.Name(TrieFormat.SidColumns, 0), sidColumns);
        long nodes = 1;
        long ends = 0;
        for (uint depth = 0; depth <= _header->Levels; depth++)
        {
            if (depth > 0)
                CheckTokens(depth, nodes, sidColumns);
            if (problems.Count > 0)
                return;
            ends += CheckEnds(depth, nodes);
            if (depth == _header->Levels || problems.Count > 0)
                break;
            var children = CheckChildren(depth, nodes);
            if (problems.Count > 0)
                return;
            CheckRanks(depth, nodes, children);
            nodes = children;
        }

        if (problems.Count == 0)
            CheckItems(ends);
    }

    private ReadOnlyArray<T>? Array<T>(uint kind, uint depth, long? count)
        where T : unmanaged
    {
        var section = sections[(kind, depth)];
        if (section.ElementSize != (uint)sizeof(T))
        {
            problems.Add($"{TrieFormat.Name(kind, depth)}: elements of {section.ElementSize} bytes; expected {sizeof(T)}.");
            return null;
        }

        if (section.Bytes % (uint)sizeof(T) != 0 || (count is not null && section.Bytes != (ulong)count * (uint)sizeof(T)))
        {
            problems.Add($"{TrieFormat.Name(kind, depth)}: {section.Bytes} bytes; expected {(count is null ? $"a multiple of {sizeof(T)}" : $"{count * sizeof(T)} = {count} * {sizeof(T)}")}.");
            return null;
        }

        return new ReadOnlyArray<T>((T*)(image.Pointer + section.Offset), (long)section.Bytes / sizeof(T));
    }

    private void CheckAscending(string name, ReadOnlyArray<uint> values)
    {
        for (long i = 0; i < values.Count; i++)
        {
            if (values[i] > int.MaxValue || (i > 0 && values[i] <= values[i - 1]))
            {
                problems.Add($"{name}: entry {i} is {values[i]}; expected token ids below 2^31, strictly ascending.");
                return;
            }
        }
    }

    private void CheckTokens(uint depth, long nodes, ReadOnlyArray<uint> sidColumns)
    {
        if (Array<uint>(TrieFormat.TokenOf, depth, null) is not { } tokens)
            return;
        var name = TrieFormat.Name(TrieFormat.TokenOf, depth);
        if (tokens.Count is 0 or > TrieFormat.MaxTokensPerLevel)
            problems.Add($"{name}: {tokens.Count} tokens; expected 1 to {TrieFormat.MaxTokensPerLevel}.");
        CheckAscending(name, tokens);
        long column = 0;
        for (long rank = 0; rank < tokens.Count && problems.Count == 0; rank++)
        {
            while (column < sidColumns.Count && sidColumns[column] < tokens[rank])
                column++;
            if (column == sidColumns.Count || sidColumns[column] != tokens[rank])
                problems.Add($"{name}: token {tokens[rank]} is not among the {sidColumns.Count} SID columns.");
        }

        var size = tokens.Count <= 256 ? 1u : 2u;
        var section = sections[(TrieFormat.Rank, depth)];
        if (section.ElementSize != size || section.Bytes != (ulong)nodes * size)
            problems.Add($"{TrieFormat.Name(TrieFormat.Rank, depth)}: {section.Bytes} bytes in elements of {section.ElementSize}; expected {nodes * size} = {nodes} * {size} for {tokens.Count} tokens.");
    }

    private long CheckChildren(uint depth, long nodes)
    {
        if (Children(depth, nodes) is not { } first)
            return 0;
        var name = TrieFormat.Name(TrieFormat.FirstChild, depth);
        if (first.BlockOffBase() is { } block)
        {
            problems.Add($"{name}: node {block} is {first.Low[block]} above the base of its block; expected 0 for the block's first.");
            return 0;
        }

        if (first[0] != 0)
            problems.Add($"{name}: begins with {first[0]}; expected 0.");
        for (long node = 0; node < nodes; node++)
        {
            if (first[node + 1] < first[node])
            {
                problems.Add($"{name}: falls from {first[node]} to {first[node + 1]} at node {node}; expected no fall.");
                return 0;
            }
        }

        if (first[nodes] is 0 or > int.MaxValue)
            problems.Add($"{name}: ends at {first[nodes]} nodes; expected 1 to {int.MaxValue}.");
        return first[nodes];
    }

    /// <summary>Ranks of the next depth, sibling by sibling.</summary>
    private void CheckRanks(uint depth, long nodes, long children)
    {
        var section = sections[(TrieFormat.Rank, depth + 1)];
        var name = TrieFormat.Name(TrieFormat.Rank, depth + 1);
        if (section.Bytes != (ulong)children * section.ElementSize)
        {
            problems.Add($"{name}: {section.Bytes} bytes; expected {children * section.ElementSize} = {children} * {section.ElementSize}.");
            return;
        }

        var first = Children(depth, nodes)!.Value;
        var narrow = image.Pointer + section.Offset;
        var wide = (ushort*)narrow;
        var tokens = sections[(TrieFormat.TokenOf, depth + 1)].Bytes / sizeof(uint);
        for (long node = 0; node < nodes; node++)
        {
            var previous = -1;
            for (var child = first[node]; child < first[node + 1]; child++)
            {
                int rank = section.ElementSize == 1 ? narrow[child] : wide[child];
                if (rank <= previous || (ulong)rank >= tokens)
                {
                    problems.Add($"{name}: node {child} has rank {rank} after {previous}; expected strictly ascending below {tokens} among siblings.");
                    return;
                }

                previous = rank;
            }
        }
    }

    /// <summary>Counts the nodes of a depth that end a SID.</summary>
    private long CheckEnds(uint depth, long nodes)
    {
        if (depth == _header->Levels)
            return nodes;
        if (Children(depth, nodes) is not { } first)
            return 0;
        var hasRanks = sections.ContainsKey((TrieFormat.EndRank, depth));
        var ranks = hasRanks ? Array<uint>(TrieFormat.EndRank, depth, nodes + 1) : null;
        if (hasRanks && ranks is null)
            return 0;
        long ends = 0;
        for (long node = 0; node <= nodes; node++)
        {
            if (ranks is { } values && values[node] != ends)
            {
                problems.Add($"{TrieFormat.Name(TrieFormat.EndRank, depth)}: {values[node]} ends before node {node}; expected {ends}.");
                return 0;
            }

            if (node < nodes && first[node] == first[node + 1])
                ends++;
        }

        if (ends > 0 != hasRanks)
            problems.Add($"{TrieFormat.Name(TrieFormat.EndRank, depth)}: {(hasRanks ? "present" : "missing")} with {ends} childless nodes at depth {depth}.");
        return ends;
    }

    private void CheckItems(long sids)
    {
        var items = (long)_header->Items;
        ReadOnlyArray<ulong>? starts = null;
        if (sections.ContainsKey((TrieFormat.ItemStart, 0)))
        {
            starts = Array<ulong>(TrieFormat.ItemStart, 0, (items + 63) / 64);
            if (starts is not { } words)
                return;
            long count = 0;
            for (long word = 0; word < words.Count; word++)
                count += System.Numerics.BitOperations.PopCount(words[word]);
            if (count != sids || (words[0] & 1) == 0 || (items % 64 != 0 && words[words.Count - 1] >> (int)(items % 64) != 0))
                problems.Add($"item_start: {count} starts for {sids} SIDs and {items} items; expected one a SID, the first at item 0, none past the last item.");
        }
        else if (items != sids)
        {
            problems.Add($"header: {items} items for {sids} SIDs; expected as many without item_start.");
        }

        if (problems.Count == 0 && sections.ContainsKey((TrieFormat.ItemIds, 0)))
            CheckItemIds(items, starts);
    }

    private void CheckItemIds(long items, ReadOnlyArray<ulong>? starts)
    {
        if (Array<ulong>(TrieFormat.ItemIds, 0, TrieFormat.ItemWords(items)) is not { } words)
            return;
        var ids = new PackedItemIds(words.Data, items);
        var used = (int)(items * TrieFormat.ItemBits(items) % 64);
        if (used != 0 && words[words.Count - 1] >> used != 0)
            problems.Add("item_ids: bits past the last item; expected zeros.");
        var seen = new System.Collections.BitArray((int)items);
        for (long place = 0; place < items; place++)
        {
            if (ids[place] >= items || seen[ids[place]])
            {
                problems.Add($"item_ids: entry {place} is {ids[place]}; expected each of 0 to {items - 1} once.");
                return;
            }

            seen[ids[place]] = true;
            if (starts is { } begun && (begun[place / 64] >> (int)(place % 64) & 1) == 0 && ids[place] < ids[place - 1])
            {
                problems.Add($"item_ids: entry {place} is {ids[place]} after {ids[place - 1]}; expected the items of a SID in ascending order.");
                return;
            }
        }
    }

    /// <summary>first_child of a depth in either form; null, with a problem added, where a section has another size.</summary>
    private FirstChildren? Children(uint depth, long nodes)
    {
        if (sections[(TrieFormat.FirstChild, depth)].ElementSize == sizeof(ushort))
        {
            return Array<ushort>(TrieFormat.FirstChild, depth, nodes + 1) is { } low && Array<uint>(TrieFormat.FirstChildBase, depth, nodes / TrieFormat.NodesPerBase + 1) is { } bases
                ? new FirstChildren(bases, low)
                : null;
        }

        return Array<uint>(TrieFormat.FirstChild, depth, nodes + 1) is { } first ? new FirstChildren(first, default) : null;
    }

    private readonly struct FirstChildren(ReadOnlyArray<uint> bases, ReadOnlyArray<ushort> low)
    {
        public ReadOnlyArray<ushort> Low => low;

        /// <summary>In 64 bits, so that a damaged base cannot wrap around.</summary>
        public long this[long node] => low.Count == 0 ? bases[node] : (long)bases[node / TrieFormat.NodesPerBase] + low[node];

        /// <summary>The first node of a block that does not lie at the block's base, if there is one.</summary>
        public long? BlockOffBase()
        {
            for (long node = 0; node < low.Count; node += TrieFormat.NodesPerBase)
            {
                if (low[node] != 0)
                    return node;
            }

            return null;
        }
    }

    private readonly struct ReadOnlyArray<T>(T* data, long count)
        where T : unmanaged
    {
        public T* Data => data;

        public long Count { get; } = count;

        public T this[long index] => data[index];
    }
}
