using System.Runtime.InteropServices;
using SIDReasoner.Core.Checkpoints;

namespace SIDReasoner.Core.Tries;

/// <summary>The bytes of a trie file, in a mapping or in pinned managed memory, at an address that is a multiple of 64.</summary>
internal sealed unsafe class TrieImage : IDisposable
{
    // Either keeps the memory alive for as long as something refers to this object.
    private readonly byte[]? _pinned;
    private readonly MappedFile? _mapping;

    private TrieImage(byte[]? pinned, MappedFile? mapping, byte* pointer, long length)
    {
        _pinned = pinned;
        _mapping = mapping;
        Pointer = pointer;
        Length = length;
    }

    public byte* Pointer { get; }

    public long Length { get; }

    /// <summary>Zeroed memory of this process.</summary>
    public static TrieImage Allocate(long length)
    {
        var memory = GC.AllocateArray<byte>(checked((int)(length + 63)), pinned: true);
        var address = (byte*)Marshal.UnsafeAddrOfPinnedArrayElement(memory, 0);
        return new TrieImage(memory, null, (byte*)(((nuint)address + 63) & ~(nuint)63), length);
    }

    /// <summary>A file, mapped.</summary>
    public static TrieImage Map(string path)
    {
        var mapping = MappedFile.Open(path);
        return new TrieImage(null, mapping, mapping.Pointer, mapping.Length);
    }

    public void Dispose()
    {
        _mapping?.Dispose();
        GC.KeepAlive(_pinned);
    }
}
