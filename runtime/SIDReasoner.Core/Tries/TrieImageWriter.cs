using System.Runtime.InteropServices;

namespace SIDReasoner.Core.Tries;

/// <summary>Lays arrays out as docs/formats/sidtrie.md says, checksums included.</summary>
internal sealed unsafe class TrieImageWriter
{
    private readonly List<(uint Kind, uint Depth, Array Data, uint ElementSize)> _sections = [];

    public int Levels { get; init; }

    public uint Flags { get; init; }

    public long Items { get; init; }

    /// <summary>Adds a section; sections must come by kind, then depth.</summary>
    public void Add<T>(uint kind, int depth, T[] data)
        where T : unmanaged => _sections.Add((kind, (uint)depth, data, (uint)sizeof(T)));

    /// <summary>The finished image; the source hash is zero.</summary>
    public TrieImage Write()
    {
        var offset = TrieFormat.Align(TrieFormat.HeaderBytes + (long)TrieFormat.SectionBytes * _sections.Count);
        var offsets = new long[_sections.Count];
        for (var i = 0; i < offsets.Length; i++)
        {
            offsets[i] = offset;
            offset = TrieFormat.Align(offset + (long)_sections[i].Data.Length * _sections[i].ElementSize);
        }

        var image = TrieImage.Allocate(offset);
        var header = (TrieHeader*)image.Pointer;
        TrieFormat.Magic.CopyTo(new Span<byte>(header->Magic, 8));
        header->Major = TrieFormat.MajorVersion;
        header->Minor = TrieFormat.MinorVersion;
        header->HeaderBytes = TrieFormat.HeaderBytes;
        header->Levels = (uint)Levels;
        header->SectionCount = (uint)_sections.Count;
        header->Flags = Flags;
        header->Items = (ulong)Items;
        header->FileBytes = (ulong)offset;
        var table = (TrieSection*)(image.Pointer + TrieFormat.HeaderBytes);
        for (var i = 0; i < offsets.Length; i++)
        {
            var (kind, depth, data, size) = _sections[i];
            var bytes = (long)data.Length * size;
            var target = image.Pointer + offsets[i];
            fixed (byte* source = &MemoryMarshal.GetArrayDataReference(data))
                Buffer.MemoryCopy(source, target, bytes, bytes);
            table[i] = new TrieSection
            {
                Kind = kind,
                Depth = depth,
                Offset = (ulong)offsets[i],
                Bytes = (ulong)bytes,
                ElementSize = size,
                Crc = Crc32C.Compute(target, bytes),
            };
        }

        header->Crc = HeaderCrc(image.Pointer, _sections.Count);
        return image;
    }

    /// <summary>The checksum of header (its own field as 0) and section table, over a copy.</summary>
    public static uint HeaderCrc(byte* image, int sections)
    {
        var bytes = new ReadOnlySpan<byte>(image, TrieFormat.HeaderBytes + TrieFormat.SectionBytes * sections).ToArray();
        MemoryMarshal.Cast<byte, TrieHeader>(bytes.AsSpan(0, TrieFormat.HeaderBytes))[0].Crc = 0;
        return Crc32C.Compute(bytes);
    }
}
