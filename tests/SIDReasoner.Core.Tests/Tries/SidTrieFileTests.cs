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
        bytes[8] = 1;

        var error = Assert.Throws<InvalidFileException>(() => SidTrie.Open(folder.Write("old.sidtrie", bytes)));

        Assert.Contains("version 1.0", error.Message);
        Assert.Contains("reads 2.x", error.Message);
    }

    /// <summary>63 nodes of a block with more than 65,535 children, or one with 65,536: their first children stay 32 bits wide.</summary>
    [Theory]
    [InlineData(65_536, 1, 4)]
    [InlineData(64, 1_041, 4)]
    [InlineData(64, 1_040, 2)]
    public void Open_ManyChildrenInABlock_TheFormThatHoldsThem(int first, int second, int elementSize)
    {
        using var folder = new TempFolder();
        var items = Enumerable.Range(0, first * second).Select(item => second == 1 ? new[] { item } : [item / second, first + item % second]).Reverse().ToArray();
        using (var built = SidTrieBuilder.Build(items, [.. Enumerable.Range(0, first + second)]))
            built.Save(folder.File("wide.sidtrie"), Hash);

        using var trie = SidTrie.Open(folder.File("wide.sidtrie"));

        var bytes = File.ReadAllBytes(folder.File("wide.sidtrie"));
        var table = MemoryMarshal.Cast<byte, TrieSection>(bytes.AsSpan(64, 32 * BitConverter.ToInt32(bytes, 20))).ToArray();
        Assert.Equal((uint)elementSize, table.Last(section => section.Kind == TrieFormat.FirstChild).ElementSize);
        Assert.Equal(elementSize == 2, table.Any(section => section.Kind == TrieFormat.FirstChildBase && section.Depth == trie.LevelCount - 1));
        for (var item = 0; item < items.Length; item += 97)
        {
            Assert.True(trie.TryFind(items[item], out var depth, out var node));
            Assert.Equal(item, trie.FirstItem(trie.SidNumber(depth, node)));
        }
    }

    [Theory]
    [InlineData(256)]
    [InlineData(2_048)]
    [InlineData(8_192)]
    public void Build_AMillionRandomItemsOfThreeLevels_AtMostTenBytesAnItem(int codes)
    {
        var random = new Random(codes);
        var flat = new int[3_000_000];
        for (var at = 0; at < flat.Length; at++)
            flat[at] = at % 3 * codes + random.Next(codes);

        using var trie = SidTrieBuilder.Build(flat, 3, [.. Enumerable.Range(0, 3 * codes)]);

        Assert.InRange(trie.ImageBytes, 1, 10 * trie.ItemCount);
        Assert.NotEqual(0u, Flags(trie) & TrieFormat.FlagReordered); // the items are in random order, so item_ids is among the bytes
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

    /// <summary>The native writer pins the same number (tests/native/trie_test.cpp): both write the same bytes. The header's checksum covers those of all sections.</summary>
    [Fact]
    public void Save_APinnedCatalogue_TheBytesOfTheNativeWriter()
    {
        using var folder = new TempFolder();
        var sids = Enumerable.Range(0, 3_000)
            .Select(i => i % 50 == 0 ? new[] { i * 7919 % 50, 50 + i * 10007 % 300 } : [i * 7919 % 50, 50 + i * 10007 % 300, 350 + i * 3001 % 17]).ToArray();
        using var trie = SidTrieBuilder.Build(sids, [.. Enumerable.Range(0, 400)]);

        trie.Save(folder.File("pinned.sidtrie"), []);

        Assert.Equal(0xA737D2E2, BitConverter.ToUInt32(File.ReadAllBytes(folder.File("pinned.sidtrie")), 28));
    }

    private static unsafe uint Flags(SidTrie trie) => ((TrieHeader*)trie.ImagePointer)->Flags;

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
