using System.Runtime.InteropServices;
using CsCheck;
using SIDReasoner.Core.Tries;
using Xunit;

namespace SIDReasoner.Core.Tests.Tries;

public class SidTrieFileTests
{
    private static readonly byte[] Hash = [.. Enumerable.Range(1, 16).Select(value => (byte)value)];

    [Fact]
    public void Open_WhatSaveWrote_SameTrieSameBytes() =>
        CatalogGen.Any(2_000).Sample(
            catalog =>
            {
                using var folder = new TempFolder();
                using var built = SidTrieBuilder.Build(catalog.Sids, catalog.Columns);
                built.Save(folder.File("first.sidtrie"), Hash);

                using var opened = SidTrie.Open(folder.File("first.sidtrie"));
                opened.Save(folder.File("second.sidtrie"), opened.SourceHash);

                SidTrieTests.CheckAgainstSlow(opened, catalog);
                Assert.Equal(Hash, opened.SourceHash.ToArray());
                Assert.Equal(File.ReadAllBytes(folder.File("first.sidtrie")), File.ReadAllBytes(folder.File("second.sidtrie")));
            },
            iter: 60, threads: 2);

    [Theory]
    [InlineData(1, false)]
    [InlineData(2, true)]
    public void Open_CutAnywhere_Refused(int seed, bool ragged)
    {
        using var folder = new TempFolder();
        var bytes = SmallFile(folder, seed, ragged);

        for (var length = 0; length < bytes.Length; length++)
        {
            var path = folder.Write("cut.sidtrie", bytes[..length]);
            var error = Assert.Throws<InvalidFileException>(() => SidTrie.Open(path));
            Assert.StartsWith($"'{path}'", error.Message);
        }

        Assert.Throws<InvalidFileException>(() => SidTrie.Open(folder.Write("long.sidtrie", [.. bytes, .. new byte[64]])));
    }

    [Theory]
    [InlineData(1, false)]
    [InlineData(2, true)]
    public void Open_AnyBitFlipped_Refused(int seed, bool ragged)
    {
        using var folder = new TempFolder();
        var bytes = SmallFile(folder, seed, ragged);

        for (var bit = 0; bit < bytes.Length * 8; bit++)
        {
            bytes[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.ThrowsAny<SidReasonerException>(() => SidTrie.Open(folder.Write("flipped.sidtrie", bytes)));
            bytes[bit / 8] ^= (byte)(1 << (bit % 8));
        }

        SidTrie.Open(folder.Write("whole.sidtrie", bytes)).Dispose();
    }

    /// <summary>A writer's mistake: the contents are wrong and every checksum is right.</summary>
    [Theory]
    [InlineData(1, false)]
    [InlineData(2, true)]
    public unsafe void Open_AnyBitFlippedAndChecksumsMended_RefusedOrASoundTrie(int seed, bool ragged)
    {
        using var folder = new TempFolder();
        var bytes = SmallFile(folder, seed, ragged);
        var refused = 0;

        for (var bit = 0; bit < bytes.Length * 8; bit++)
        {
            var copy = bytes.ToArray();
            copy[bit / 8] ^= (byte)(1 << (bit % 8));
            MendChecksums(copy);
            try
            {
                using var trie = SidTrie.Open(folder.Write("mended.sidtrie", copy));
                WalkEverything(trie);
            }
            catch (InvalidFileException)
            {
                refused++;
            }
        }

        Assert.True(refused > bytes.Length, $"only {refused} of {bytes.Length * 8} refused");
    }

    [Fact]
    public void Open_AnotherMajorVersion_SaysBothVersions()
    {
        using var folder = new TempFolder();
        var bytes = SmallFile(folder, 1, ragged: false);
        bytes[8] = 2;

        var error = Assert.Throws<InvalidFileException>(() => SidTrie.Open(folder.Write("new.sidtrie", bytes)));

        Assert.Contains("version 2.0", error.Message);
        Assert.Contains("reads 1.x", error.Message);
    }

    [Fact]
    public void Open_HigherMinorVersionWithUnknownSection_Read()
    {
        using var folder = new TempFolder();
        using (var small = SidTrieBuilder.Build([[1, 3], [2, 3]], [1, 2, 3]))
            small.Save(folder.File("small.sidtrie"), Hash);
        var old = File.ReadAllBytes(folder.File("small.sidtrie"));
        var sections = BitConverter.ToInt32(old, 20);
        Assert.True(64 + 32 * (sections + 1) <= (64 + 32 * sections + 63) / 64 * 64, "the table has room for one more section");
        var bytes = new byte[old.Length + 64];
        old.CopyTo(bytes, 0);
        bytes[10] = 1;
        BitConverter.TryWriteBytes(bytes.AsSpan(20), sections + 1);
        BitConverter.TryWriteBytes(bytes.AsSpan(40), (ulong)bytes.Length);
        MemoryMarshal.Cast<byte, TrieSection>(bytes.AsSpan(64 + 32 * sections, 32))[0] = new TrieSection { Kind = 99, Offset = (ulong)old.Length, Bytes = 5, ElementSize = 1 };
        MendChecksums(bytes);

        using var trie = SidTrie.Open(folder.Write("minor.sidtrie", bytes));
        using var before = SidTrie.Open(folder.Write("old.sidtrie", old));

        Assert.Equal(before.SidCount, trie.SidCount);
    }

    [Fact]
    public void Open_MissingFile_SaysSo()
    {
        var error = Assert.Throws<SidReasonerException>(() => SidTrie.Open(Path.Combine(Path.GetTempPath(), "no-such.sidtrie")));

        Assert.Contains("no-such.sidtrie", error.Message);
    }

    [Fact]
    public void Save_HashOfAnotherLength_Throws()
    {
        using var folder = new TempFolder();
        using var trie = SidTrieBuilder.Build([[1]], [1]);

        Assert.Throws<ArgumentException>(() => trie.Save(folder.File("x.sidtrie"), new byte[15]));
    }

    [Fact]
    public void Crc32C_CheckString_IsThePublishedValue() => Assert.Equal(0xE3069283, Crc32C.Compute("123456789"u8));

    private static byte[] SmallFile(TempFolder folder, int seed, bool ragged)
    {
        var catalog = CatalogGen.Make(seed, 9, 3, 3, ragged);
        using var trie = SidTrieBuilder.Build(catalog.Sids, catalog.Columns);
        Assert.Equal(ragged, trie.IsRagged);
        trie.Save(folder.File("small.sidtrie"), Hash);
        return File.ReadAllBytes(folder.File("small.sidtrie"));
    }

    private static unsafe void MendChecksums(byte[] bytes)
    {
        fixed (byte* image = bytes)
        {
            var header = (TrieHeader*)image;
            if (header->SectionCount > (bytes.Length - 64) / 32)
                return;
            var table = (TrieSection*)(image + 64);
            for (var i = 0; i < header->SectionCount; i++)
            {
                if (table[i].Offset < (ulong)bytes.Length && table[i].Bytes <= (ulong)bytes.Length - table[i].Offset)
                    table[i].Crc = Crc32C.Compute(image + table[i].Offset, (long)table[i].Bytes);
            }

            header->Crc = TrieImageWriter.HeaderCrc(image, (int)header->SectionCount);
        }
    }

    private static void WalkEverything(SidTrie trie)
    {
        var items = new List<int>();
        for (var depth = 0; depth < trie.LevelCount; depth++)
        {
            for (uint node = 0; node < trie.NodeCount(depth); node++)
            {
                trie.Children(depth, node, out var first, out var end);
                for (var child = first; child < end; child++)
                {
                    Assert.Equal(node, trie.Parent(depth + 1, child));
                    Assert.InRange(trie.Column(depth + 1, child), 0, trie.ColumnCount - 1);
                    if (trie.SidNumber(depth + 1, child) is >= 0 and var number)
                        trie.CopyItems(number, items);
                }
            }
        }

        Assert.Equal(Enumerable.Range(0, (int)trie.ItemCount), items.Order());
    }
}
