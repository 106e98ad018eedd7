using System.Runtime.InteropServices;

namespace SIDReasoner.Runtime.Interop;

/// <summary><c>sidr_trie_info</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct SidrTrieInfo
{
    public uint Size;
    public uint Levels;
    public ulong Items;
    public ulong Sids;
    public ulong Bytes;
    public fixed ulong Nodes[NativeMethods.MaxLevels + 1];
    public fixed uint Tokens[NativeMethods.MaxLevels];
    public fixed uint MaxFanOut[NativeMethods.MaxLevels];
    public uint ColumnCount;
    public uint IsRagged;
    public uint IsOnDevice;
    public uint Reserved;
}
