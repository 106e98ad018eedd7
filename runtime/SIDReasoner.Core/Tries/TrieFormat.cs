namespace SIDReasoner.Core.Tries;

/// <summary>The constants of docs/formats/sidtrie.md.</summary>
internal static class TrieFormat
{
    public const int HeaderBytes = 64;
    public const int SectionBytes = 32;
    public const int Alignment = 64;
    public const int MaxLevels = 8;
    public const int MaxTokensPerLevel = 65_536;
    public const ushort MajorVersion = 2;
    public const ushort MinorVersion = 0;

    public const uint FlagRagged = 1;
    public const uint FlagSharedSids = 2;
    public const uint FlagReordered = 4;

    public const uint FirstChild = 1;
    public const uint Rank = 2;
    public const uint TokenOf = 3;
    public const uint EndRank = 4;
    public const uint ItemStart = 5;
    public const uint ItemIds = 6;
    public const uint SidColumns = 7;
    public const uint FirstChildBase = 8;

    /// <summary>Nodes that share an entry of first_child_base.</summary>
    public const int NodesPerBase = 64;

    /// <summary>"SIDTRIE" and a zero byte.</summary>
    public static ReadOnlySpan<byte> Magic => "SIDTRIE\0"u8;

    /// <summary>Bits of an entry of item_ids: those of the largest index, at least 1.</summary>
    public static int ItemBits(long items) => items <= 2 ? 1 : 64 - System.Numerics.BitOperations.LeadingZeroCount((ulong)items - 1);

    /// <summary>64-bit words that hold item_ids.</summary>
    public static long ItemWords(long items) => (items * ItemBits(items) + 63) / 64;

    public static long Align(long offset) => (offset + Alignment - 1) & -Alignment;

    /// <summary>A section as an error names it.</summary>
    public static string Name(uint kind, uint depth) => kind switch
    {
        FirstChild => $"first_child[{depth}]",
        Rank => $"rank[{depth}]",
        TokenOf => $"token_of[{depth}]",
        EndRank => $"end_rank[{depth}]",
        ItemStart => "item_start",
        ItemIds => "item_ids",
        SidColumns => "sid_columns",
        FirstChildBase => $"first_child_base[{depth}]",
        _ => $"section of kind {kind}",
    };
}
