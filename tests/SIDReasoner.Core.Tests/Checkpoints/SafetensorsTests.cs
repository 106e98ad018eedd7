using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using CsCheck;
using SIDReasoner.Core.Checkpoints;
using Xunit;

namespace SIDReasoner.Core.Tests.Checkpoints;

public class SafetensorsTests
{
    [Fact]
    public void Open_WhatWriteWrote_SameTensorsAndBytes() =>
        Gen.Select(Gen.Int[0, 12], Gen.Int[0, 1_000_000]).Sample(
            (count, seed) =>
            {
                using var folder = new TempFolder();
                var random = new Random(seed);
                var tensors = Enumerable.Range(0, count).Select(i => RandomTensor($"t.{i}.\u00e9\"\\", random)).ToList();

                SafetensorsWriter.Write(folder.File("a.safetensors"), tensors, new Dictionary<string, string> { ["b"] = "2", ["a"] = "\u4e2d" });
                SafetensorsWriter.Write(folder.File("b.safetensors"), [.. tensors.AsEnumerable().Reverse()], new Dictionary<string, string> { ["a"] = "\u4e2d", ["b"] = "2" });

                Assert.Equal(File.ReadAllBytes(folder.File("a.safetensors")), File.ReadAllBytes(folder.File("b.safetensors")));
                using var reader = SafetensorsReader.Open(folder.File("a.safetensors"));
                Assert.Equal("\u4e2d", reader.Metadata["a"]);
                Assert.Equal(count, reader.Tensors.Count);
                foreach (var tensor in tensors)
                {
                    var info = reader.Tensors[tensor.Name];
                    Assert.Equal((tensor.DType, tensor.Bytes.Length), (info.DType, (int)info.ByteLength));
                    Assert.Equal(tensor.Shape, info.Shape);
                    Assert.True(reader.Bytes(tensor.Name).SequenceEqual(tensor.Bytes.Span));
                    Assert.Equal(0, info.Offset % tensor.DType.Size());
                    Assert.True(tensor.Bytes.Span.SequenceEqual(File.ReadAllBytes(info.File).AsSpan((int)info.Offset, (int)info.ByteLength)));
                }
            },
            iter: 60, threads: 2);

    [Fact]
    public void Write_NoMetadata_SaysThatItIsForTorch()
    {
        using var folder = new TempFolder();

        SafetensorsWriter.Write(folder.File("a.safetensors"), [TensorData.FromFloats("x", [2], [1, 2])]);

        using var reader = SafetensorsReader.Open(folder.File("a.safetensors"));
        Assert.Equal("pt", reader.Metadata["format"]);
        Assert.Equal([1f, 2f], reader.ReadFloats("x"));
        Assert.Equal(0, BinaryPrimitives.ReadInt64LittleEndian(File.ReadAllBytes(folder.File("a.safetensors"))) % 8);
    }

    [Fact]
    public void ReadFloats_HalfAndBrainFloat_WidensExactly()
    {
        using var folder = new TempFolder();
        Half[] halves = [(Half)1.5f, (Half)(-65504f), Half.PositiveInfinity, Half.NaN, BitConverter.UInt16BitsToHalf(1)];
        ushort[] brains = [0x3FC0, 0xC000, 0x7F80, 0x0001];
        SafetensorsWriter.Write(folder.File("a.safetensors"), [
            new TensorData("half", TensorDType.F16, [5], MemoryMarshal.AsBytes(halves.AsSpan()).ToArray()),
            new TensorData("brain", TensorDType.BF16, [2, 2], MemoryMarshal.AsBytes(brains.AsSpan()).ToArray()),
            new TensorData("whole", TensorDType.I32, [1], new byte[4]),
        ]);

        using var reader = SafetensorsReader.Open(folder.File("a.safetensors"));

        Assert.Equal(halves.Select(half => (float)half), reader.ReadFloats("half"));
        Assert.Equal([1.5f, -2f, float.PositiveInfinity, BitConverter.UInt32BitsToSingle(0x10000)], reader.ReadFloats("brain"));
        Assert.Throws<ArgumentException>(() => reader.ReadFloats("whole"));
        Assert.Throws<ArgumentException>(() => reader.ReadFloats("absent"));
        Assert.Throws<ArgumentException>(() => reader.ReadFloats("half", new float[4]));
        var part = new float[2];
        reader.ReadFloats("brain", 1, part);
        Assert.Equal([-2f, float.PositiveInfinity], part);
        Assert.Throws<ArgumentException>(() => reader.ReadFloats("brain", 3, part));
        Assert.Throws<ArgumentException>(() => reader.ReadFloats("brain", -1, part));
    }

    [Fact]
    public void Bytes_AfterDispose_Throws()
    {
        using var folder = new TempFolder();
        SafetensorsWriter.Write(folder.File("a.safetensors"), [TensorData.FromFloats("x", [1], [1])]);
        var reader = SafetensorsReader.Open(folder.Root + "/a.safetensors");

        reader.Dispose();
        reader.Dispose();

        Assert.Throws<ObjectDisposedException>(() => reader.Pointer("x"));
    }

    [Fact]
    public void Write_TensorsThatCannotBe_Throws()
    {
        using var folder = new TempFolder();
        var path = folder.File("a.safetensors");

        Assert.Throws<ArgumentException>(() => SafetensorsWriter.Write(path, [TensorData.FromFloats("x", [1], [1]), TensorData.FromFloats("x", [1], [1])]));
        Assert.Throws<ArgumentException>(() => SafetensorsWriter.Write(path, [new TensorData("x", TensorDType.F32, [2], new byte[4])]));
        Assert.Throws<ArgumentException>(() => TensorData.FromFloats("x", [2, 2], [1]));
        Assert.Empty(Directory.GetFiles(folder.Root));
    }

    [Fact]
    public void Open_CutAnywhere_Refused()
    {
        using var folder = new TempFolder();
        SafetensorsWriter.Write(folder.File("a.safetensors"), [TensorData.FromFloats("x", [3], [1, 2, 3]), new TensorData("y", TensorDType.U8, [2], new byte[2])]);
        var bytes = File.ReadAllBytes(folder.File("a.safetensors"));

        for (var length = 0; length < bytes.Length; length++)
        {
            var path = folder.Write("cut.safetensors", bytes[..length]);
            Assert.Contains("cut.safetensors", Assert.Throws<InvalidFileException>(() => SafetensorsReader.Open(path)).Message);
        }

        Assert.Contains("the file has", Assert.Throws<InvalidFileException>(() => SafetensorsReader.Open(folder.Write("long.safetensors", [.. bytes, 0]))).Message);
    }

    /// <summary>No checksum: a flip may give another sound file, but never a crash or an address outside it.</summary>
    [Fact]
    public void Open_AnyBitOfTheHeaderFlipped_RefusedOrSound()
    {
        using var folder = new TempFolder();
        SafetensorsWriter.Write(folder.File("a.safetensors"), [TensorData.FromFloats("x", [3], [1, 2, 3]), new TensorData("y", TensorDType.U8, [2], new byte[2])]);
        var bytes = File.ReadAllBytes(folder.File("a.safetensors"));
        var refused = 0;

        for (var bit = 0; bit < (bytes.Length - 14) * 8; bit++)
        {
            bytes[bit / 8] ^= (byte)(1 << (bit % 8));
            try
            {
                using var reader = SafetensorsReader.Open(folder.Write("flipped.safetensors", bytes));
                foreach (var tensor in reader.Tensors.Values)
                    Assert.True(tensor.Offset >= 8 && tensor.Offset + tensor.ByteLength <= bytes.Length);
            }
            catch (InvalidFileException)
            {
                refused++;
            }

            bytes[bit / 8] ^= (byte)(1 << (bit % 8));
        }

        Assert.True(refused > 300, $"{refused} refused");
    }

    [Theory]
    [InlineData("""{"x":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}""", 8, "data_offsets span 4 bytes; F32 [2] needs 8")]
    [InlineData("""{"x":{"dtype":"F32","shape":[2],"data_offsets":[0,16]}}""", 8, "its data ends at byte 16, but the file has 8")]
    [InlineData("""{"x":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}""", 8, "are not a range")]
    [InlineData("""{"x":{"dtype":"F32","shape":[2],"data_offsets":[-8,0]}}""", 8, "are not a range")]
    [InlineData("""{"x":{"dtype":"F32","shape":[2],"data_offsets":[0,99999999999999999999]}}""", 8, "are not a range")]
    [InlineData("""{"x":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}""", 8, "is not a list of sizes")]
    [InlineData("""{"x":{"dtype":"F32","shape":[9223372036854775807,9223372036854775807,4],"data_offsets":[0,8]}}""", 8, "needs")]
    [InlineData("""{"x":{"dtype":"F8_E4M3","shape":[8],"data_offsets":[0,8]}}""", 8, "element type 'F8_E4M3' is not supported")]
    [InlineData("""{"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"y":{"dtype":"F32","shape":[1],"data_offsets":[2,6]}}""", 6, "inside 'x'")]
    [InlineData("""{"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"y":{"dtype":"F32","shape":[1],"data_offsets":[8,12]}}""", 12, "belong to no tensor")]
    [InlineData("""{"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", 8, "the tensors end at byte")]
    [InlineData("""{"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"x":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", 8, "the header has 'x' twice")]
    [InlineData("""{"x":{"dtype":"F32","shape":[1]}}""", 4, "expected an object with dtype")]
    [InlineData("""{"x":7}""", 0, "expected an object with dtype")]
    [InlineData("""{"__metadata__":{"a":1}}""", 0, "'a' is a number; expected a string")]
    [InlineData("""[]""", 0, "expected an object")]
    [InlineData("""{"x":""", 0, "not valid JSON")]
    [InlineData("""{"\ud800":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", 4, "surrogate")]
    public void Open_HeaderThatLies_SaysWhat(string header, int dataBytes, string expected)
    {
        using var folder = new TempFolder();
        var path = folder.Write("bad.safetensors", File8(header, dataBytes));

        var error = Assert.Throws<InvalidFileException>(() => SafetensorsReader.Open(path));

        Assert.Contains(expected, error.Message);
    }

    [Fact]
    public void Open_HeaderLongerThanTheFile_SaysBothLengths()
    {
        using var folder = new TempFolder();
        foreach (var length in new[] { 100ul, ulong.MaxValue, 1ul << 40 })
        {
            var bytes = new byte[50];
            BinaryPrimitives.WriteUInt64LittleEndian(bytes, length);

            var error = Assert.Throws<InvalidFileException>(() => SafetensorsReader.Open(folder.Write("bad.safetensors", bytes)));

            Assert.Contains($"claims {length} bytes; the file has 42", error.Message);
        }
    }

    [Fact]
    public void Open_SeveralProblems_ReportsThemAll()
    {
        using var folder = new TempFolder();
        var path = folder.Write("bad.safetensors", File8("""{"x":{"dtype":"F32","shape":[2],"data_offsets":[0,4]},"y":{"dtype":"Q4","shape":[2],"data_offsets":[0,4]},"z":5}""", 8));

        var error = Assert.Throws<InvalidFileException>(() => SafetensorsReader.Open(path));

        Assert.Equal(3, error.Problems.Count);
        Assert.Equal(path, error.Path);
    }

    [Fact]
    public void Open_ShardsAndIndex_OneSetOfTensors()
    {
        using var folder = Shards("""{"metadata":{"total_size":8},"weight_map":{"a":"m-1.safetensors","b":"m-2.safetensors"}}""");

        using var reader = SafetensorsReader.Open(folder.Root);

        Assert.Equal(2, reader.Files.Count);
        Assert.Equal([1f], reader.ReadFloats("a"));
        Assert.Equal([2f], reader.ReadFloats("b"));
    }

    [Theory]
    [InlineData("""{"weight_map":{"a":"m-1.safetensors"}}""", "", "")]
    [InlineData("""{"weight_map":{"a":"m-1.safetensors","b":"m-1.safetensors"}}""", "tensor 'b' is not in 'm-1.safetensors'", "")]
    [InlineData("""{"weight_map":{"a":"m-2.safetensors","b":"m-1.safetensors"}}""", "holds tensor 'a', which the index places in 'm-2.safetensors'", "holds tensor 'b'")]
    [InlineData("""{"weight_map":{"a":"m-1.safetensors","b":"m-3.safetensors"}}""", "shard 'm-3.safetensors': the file is missing", "")]
    [InlineData("""{"weight_map":{"a":"../m-1.safetensors","b":7}}""", "'a' is \"../m-1.safetensors\"; expected the name of a file", "'b' is 7")]
    [InlineData("""{"weight_map":{}}""", "weight_map is empty", "")]
    [InlineData("""{}""", "expected an object 'weight_map'", "")]
    [InlineData("""{"weight_map":""", "not valid JSON", "")]
    public void Open_IndexThatLies_SaysWhat(string index, string expected, string alsoExpected)
    {
        using var folder = Shards(index);
        if (expected.Length == 0)
        {
            SafetensorsReader.Open(folder.Root).Dispose();
            return;
        }

        var error = Assert.Throws<InvalidFileException>(() => SafetensorsReader.Open(folder.Root));

        Assert.Contains(expected, error.Message);
        Assert.Contains(alsoExpected, error.Message);
    }

    [Fact]
    public void Open_NothingThere_SaysWhatWasExpected()
    {
        using var folder = new TempFolder();

        Assert.Contains("does not exist", Assert.Throws<SidReasonerException>(() => SafetensorsReader.Open(folder.File("absent"))).Message);
        Assert.Contains("model.safetensors", Assert.Throws<SidReasonerException>(() => SafetensorsReader.Open(folder.Root)).Message);
    }

    internal static byte[] File8(string header, int dataBytes)
    {
        var text = Encoding.UTF8.GetBytes(header);
        var bytes = new byte[8 + text.Length + dataBytes];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, (ulong)text.Length);
        text.CopyTo(bytes, 8);
        return bytes;
    }

    private static TempFolder Shards(string index)
    {
        var folder = new TempFolder();
        SafetensorsWriter.Write(folder.File("m-1.safetensors"), [TensorData.FromFloats("a", [1], [1])]);
        SafetensorsWriter.Write(folder.File("m-2.safetensors"), [TensorData.FromFloats("b", [1], [2])]);
        folder.Write("model.safetensors.index.json", index);
        return folder;
    }

    private static TensorData RandomTensor(string name, Random random)
    {
        var type = Enum.GetValues<TensorDType>()[random.Next(10)];
        long[] shape = [.. Enumerable.Range(0, random.Next(4)).Select(_ => (long)random.Next(5))];
        var bytes = new byte[shape.Aggregate(1L, (product, size) => product * size) * type.Size()];
        random.NextBytes(bytes);
        return new TensorData(name, type, shape, bytes);
    }
}
