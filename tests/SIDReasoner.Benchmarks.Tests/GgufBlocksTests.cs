using System.Buffers.Binary;
using SIDReasoner.Benchmarks.Decoders.Gguf;
using Xunit;

namespace SIDReasoner.Benchmarks.Tests;

public class GgufBlocksTests
{
    [Theory]
    [InlineData(GgufType.Q8_0, 34, 127)]
    [InlineData(GgufType.Q4_0, 18, 8)]
    public void Encode_RandomBlocks_AreTheNearestValuesOfTheirGrid(GgufType type, int blockBytes, int steps)
    {
        var random = new Random(1);
        for (int attempt = 0; attempt < 200; attempt++)
        {
            float[] values = [.. Enumerable.Range(0, 3 * GgufBlocks.BlockSize).Select(_ => (random.NextSingle() - 0.5f) * MathF.Pow(10, random.Next(-3, 4)))];
            byte[] bytes = new byte[3 * blockBytes];

            GgufBlocks.Encode(type, values, bytes);

            float[] decoded = SlowGguf.Decode(type, bytes);
            for (int block = 0; block < 3; block++)
            {
                float[] own = values[(block * 32)..((block + 1) * 32)];
                float largest = own.MaxBy(MathF.Abs);
                float scale = (float)BinaryPrimitives.ReadHalfLittleEndian(bytes.AsSpan(block * blockBytes));
                Assert.InRange(MathF.Abs(scale), MathF.Abs(largest) / steps * 0.999f, MathF.Abs(largest) / steps * 1.001f);
                for (int i = 0; i < 32; i++)
                {
                    // A 4-bit grid has one code fewer on the side away from the largest value: up to a whole step there. The scale itself is rounded to float16.
                    float most = type == GgufType.Q4_0 && own[i] * largest < 0 ? 1.01f : 0.51f;
                    float rounding = MathF.Abs(own[i]) / 1000;
                    Assert.InRange(MathF.Abs(decoded[(block * 32) + i] - own[i]), 0, (most * MathF.Abs(scale)) + rounding);
                }
            }
        }
    }

    [Theory]
    [InlineData(GgufType.Q8_0, 127, 0.03125f)]
    [InlineData(GgufType.Q4_0, 7, 0.125f)]
    public void Encode_ValuesOfTheGrid_ComeBackAsTheyWere(GgufType type, int most, float step)
    {
        var random = new Random(2);
        float[] values = [.. Enumerable.Range(0, 64).Select(_ => random.Next(-most, most + 1) * step)];
        (values[0], values[32]) = type == GgufType.Q4_0 ? (-8 * step, 8 * step) : (-most * step, most * step);
        byte[] bytes = new byte[GgufBlocks.Bytes(type, 64)];

        GgufBlocks.Encode(type, values, bytes);

        // The second block's grid is turned round, so the codes of its other end are those of the first's.
        Assert.Equal(values, SlowGguf.Decode(type, bytes));
    }

    [Theory]
    [InlineData(GgufType.Q8_0)]
    [InlineData(GgufType.Q4_0)]
    [InlineData(GgufType.F32)]
    public void Encode_Zeros_StayZeros(GgufType type)
    {
        byte[] bytes = new byte[GgufBlocks.Bytes(type, 32)];

        GgufBlocks.Encode(type, new float[32], bytes);

        Assert.All(SlowGguf.Decode(type, bytes), value => Assert.Equal(0, value));
    }

    [Fact]
    public void Encode_PartsOfABlock_AreRefused()
    {
        Assert.Throws<ArgumentException>(() => GgufBlocks.Encode(GgufType.Q8_0, new float[33], new byte[34]));
        Assert.Throws<ArgumentException>(() => GgufBlocks.Encode(GgufType.Q8_0, new float[32], new byte[35]));
    }
}
