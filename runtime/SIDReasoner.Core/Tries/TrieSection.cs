namespace SIDReasoner.Core.Tries;

/// <summary>A line of the section table, as it lies in the file.</summary>
[System.Runtime.InteropServices.StructLayout(System.Runtime.InteropServices.LayoutKind.Sequential, Pack = 8)]
internal struct TrieSection
{
    public uint Kind;
    public uint Depth;
    public ulong Offset;
    public ulong Bytes;
    public uint ElementSize;
    public uint Crc;
}
