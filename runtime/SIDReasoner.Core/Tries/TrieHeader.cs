using System.Runtime.InteropServices;

namespace SIDReasoner.Core.Tries;

/// <summary>The first 64 bytes of a trie file, as they lie there.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 8)]
internal unsafe struct TrieHeader
{
    public fixed byte Magic[8];
    public ushort Major;
    public ushort Minor;
    public uint HeaderBytes;
    public uint Levels;
    public uint SectionCount;
    public uint Flags;
    public uint Crc;
    public ulong Items;
    public ulong FileBytes;
    public fixed byte SourceHash[16];
}
