namespace SIDReasoner.Core.Tries;

/// <summary>One depth's arrays: pointers into a <see cref="TrieImage"/>, and what is computed at load.</summary>
internal unsafe struct TrieLevel
{
    /// <summary>Nodes of this depth.</summary>
    public int NodeCount;

    /// <summary>First children, u32 [NodeCount + 1]; in the packed form one a block of 64 nodes; null at the last depth.</summary>
    public uint* FirstChildBase;

    /// <summary>In the packed form what is added to the block's base, u16 [NodeCount + 1]; else null.</summary>
    public ushort* FirstChildLow;

    /// <summary>u8 [NodeCount], or null where the level has more than 256 tokens.</summary>
    public byte* NarrowRank;

    /// <summary>u16 [NodeCount], or null where the level has at most 256 tokens.</summary>
    public ushort* WideRank;

    /// <summary>u32 [TokenCount], ascending; null at the root.</summary>
    public uint* TokenOf;

    /// <summary>Distinct tokens that lead to this depth.</summary>
    public int TokenCount;

    /// <summary>u32 [NodeCount + 1]: ends of this depth before the node; null where none ends here, and at the last depth.</summary>
    public uint* EndRank;

    /// <summary>SID number of the first end of this depth.</summary>
    public int FirstSid;

    /// <summary>Ends of this depth.</summary>
    public int EndCount;

    /// <summary>Most children of a node of this depth; 0 at the last.</summary>
    public int MaxFanOut;

    /// <summary>int [TokenCount]: the SID column of each rank.</summary>
    public int[] Columns;

    /// <summary>The first child of a node, 0 to NodeCount; not at the last depth.</summary>
    [System.Runtime.CompilerServices.MethodImpl(System.Runtime.CompilerServices.MethodImplOptions.AggressiveInlining)]
    public readonly uint FirstChild(uint node) =>
        FirstChildLow == null ? FirstChildBase[node] : FirstChildBase[node / TrieFormat.NodesPerBase] + FirstChildLow[node];

    /// <summary>The place of a node's token among the level's tokens.</summary>
    public readonly int RankOf(uint node) => NarrowRank != null ? NarrowRank[node] : WideRank[node];
}
