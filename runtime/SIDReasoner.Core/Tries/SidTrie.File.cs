using SIDReasoner.Core.Checkpoints;

namespace SIDReasoner.Core.Tries;

/// <summary>The file: docs/formats/sidtrie.md.</summary>
public sealed unsafe partial class SidTrie
{
    /// <summary>Maps a trie file and checks all of it: checksums, order, ranges, counts.</summary>
    /// <remarks>Reads the whole file once, O(nodes + items). The file must not change while it is open.</remarks>
    /// <exception cref="InvalidFileException">The file is no trie, of another version, cut off or damaged.</exception>
    /// <exception cref="SidReasonerException">The file is missing or cannot be read.</exception>
    public static SidTrie Open(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        var image = TrieImage.Map(path);
        try
        {
            var problems = TrieChecks.Run(image);
            return problems.Count == 0 ? new SidTrie(image) : throw new InvalidFileException(path, problems);
        }
        catch
        {
            image.Dispose();
            throw;
        }
    }

    /// <summary>Writes the file, whole or not at all: the same trie and hash give the same bytes.</summary>
    /// <param name="path">The file to make.</param>
    /// <param name="sourceHash16">The first 16 bytes of a hash of what the trie was made from; empty writes zeros.</param>
    /// <exception cref="SidReasonerException">The file cannot be written; an old one is as it was.</exception>
    public void Save(string path, ReadOnlySpan<byte> sourceHash16)
    {
        if (sourceHash16.Length is not (0 or 16))
            throw new ArgumentException($"The source hash has {sourceHash16.Length} bytes; expected 16, or none.", nameof(sourceHash16));
        var sections = (int)((TrieHeader*)_image.Pointer)->SectionCount;
        var head = new ReadOnlySpan<byte>(_image.Pointer, TrieFormat.HeaderBytes + TrieFormat.SectionBytes * sections).ToArray();
        fixed (byte* pointer = head)
        {
            var hash = new Span<byte>(((TrieHeader*)pointer)->SourceHash, 16);
            hash.Clear();
            sourceHash16.CopyTo(hash);
            ((TrieHeader*)pointer)->Crc = TrieImageWriter.HeaderCrc(pointer, sections);
        }

        AtomicFile.Write(path, stream =>
        {
            stream.Write(head);
            for (long at = head.Length; at < _image.Length;)
            {
                var count = (int)Math.Min(1 << 20, _image.Length - at);
                stream.Write(new ReadOnlySpan<byte>(_image.Pointer + at, count));
                at += count;
            }
        });
    }
}
