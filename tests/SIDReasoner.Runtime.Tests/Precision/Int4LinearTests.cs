using SIDReasoner.Export.Precision;
using SIDReasoner.TestSupport;
using Xunit;

namespace SIDReasoner.Runtime.Tests.Precision;

/// <summary>4-bit products against the oracle, and how well weights are rounded for them.</summary>
public sealed class Int4LinearTests
{
    public static TheoryData<int> Seeds => [.. Enumerable.Range(0, 30)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Linears_RandomShapes_EqualTheOracle(int seed)
    {
        var random = new Random(seed);
        var inputs = random.Next(1, 200);
        (float[][], float[]?)[] parts = [.. Enumerable.Range(0, random.Next(1, 4)).Select(_ => Part(random, inputs, random.Next(1, 150), seed % 2 == 0))];
        using var graph = Graph(parts);
        var (batch, rows) = (random.Next(1, 3), random.Next(1, 12));
        var x = Values(random, batch * rows * inputs);

        var actual = graph.Run(x, batch, rows);

        for (var part = 0; part < parts.Length; part++)
        {
            var (weights, bias) = parts[part];
            for (var row = 0; row < batch * rows; row++)
            {
                var expected = SlowQuantized.Blocks(x[(row * inputs)..((row + 1) * inputs)], weights, Round);
                for (var n = 0; n < expected.Length; n++)
                    Assert.Equal(expected[n] + (bias?[n] ?? 0), actual[part][row * expected.Length + n], 2e-5 * Math.Sqrt(inputs));
            }
        }
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Quantize_RandomBlocks_IsNearTheBestThereIs(int seed)
    {
        var random = new Random(seed);
        for (var trial = 0; trial < 20; trial++)
        {
            float[] values = [.. Enumerable.Range(0, BlockQuantizer.BlockSize).Select(_ => (float)((random.NextDouble() + random.NextDouble() - 0.7) * Math.Exp(random.NextDouble() * (seed % 3))))];
            var (own, symmetric) = (Error(values, Round(values)), double.PositiveInfinity);
            var best = double.PositiveInfinity;
            foreach (var zero in Enumerable.Range(0, 16))
            {
                for (var step = 1; step <= 200; step++)
                {
                    var scale = step / 200f * 2 * values.Max(Math.Abs) / 8;
                    var error = Error(values, [.. values.Select(v => (Math.Clamp((int)MathF.Round(v / scale) + zero, 0, 15) - zero) * scale)]);
                    best = Math.Min(best, error);
                }
            }

            // As GenAI's builder rounds by default: the value of largest magnitude gets code 0.
            var middle = values.MaxBy(Math.Abs) / -8;
            symmetric = Error(values, [.. values.Select(v => (Math.Clamp(MathF.Round((v / middle) + 8), 0, 15) - 8) * middle)]);

            Assert.InRange(own, 0, symmetric);
            Assert.InRange(own, 0, 1.2 * best);
        }
    }

    [Fact]
    public void Quantize_RandomBlocks_LosesASixthLessThanASymmetricRange()
    {
        var random = new Random(9);
        double own = 0, symmetric = 0;
        for (var block = 0; block < 2000; block++)
        {
            float[] values = [.. Enumerable.Range(0, BlockQuantizer.BlockSize).Select(_ => (float)(Enumerable.Range(0, 6).Sum(_ => random.NextDouble()) - 3))];
            own += Error(values, Round(values));
            var middle = values.MaxBy(Math.Abs) / -8;
            symmetric += Error(values, [.. values.Select(v => (Math.Clamp(MathF.Round((v / middle) + 8), 0, 15) - 8) * middle)]);
        }

        Assert.InRange(own / symmetric, 0, 5.0 / 6);
    }

    [Fact]
    public void Quantize_BlocksOfOneValueOrNone_AreExact()
    {
        Assert.All(Round(new float[BlockQuantizer.BlockSize]), value => Assert.Equal(0, value));
        Assert.All(Round([.. Enumerable.Repeat(-0.3f, BlockQuantizer.BlockSize)]), value => Assert.Equal(-0.3f, value, 1e-6f));
        float[] one = new float[BlockQuantizer.BlockSize];
        one[17] = 5;
        Assert.Equal(one, Round(one));
    }

    [Fact]
    public void Linears_OneRowAloneOrAmongOthers_IsTheSame()
    {
        var random = new Random(3);
        const int Inputs = 384, Rows = 61;
        using var graph = Graph([Part(random, Inputs, 96, bias: true), Part(random, Inputs, 33, bias: true)]);
        var x = Values(random, Rows * Inputs);
        for (var k = 0; k < Inputs; k += 50)
            x[(7 * Inputs) + k] *= 400;

        var together = graph.Run(x, 1, Rows);

        for (var row = 0; row < Rows; row++)
        {
            var alone = graph.Run(x[(row * Inputs)..((row + 1) * Inputs)], 1, 1);
            for (var part = 0; part < 2; part++)
            {
                var width = alone[part].Length;
                for (var n = 0; n < width; n++)
                    Assert.Equal(alone[part][n], together[part][(row * width) + n], 1e-4f * Math.Max(1, Math.Abs(alone[part][n])));
            }
        }
    }

    [Fact]
    public void Linears_NoRows_GiveNone()
    {
        using var graph = Graph([Part(new Random(5), 16, 4, bias: true), Part(new Random(6), 16, 5, bias: true)]);

        Assert.All(graph.Run([], 1, 0), Assert.Empty);
    }

    private static LinearGraph Graph(params (float[][] Weights, float[]? Bias)[] parts) =>
        new(parts, (graph, weights, file) => new Int4LinearWriter(graph, weights, file));

    /// <summary>A block as it is read again.</summary>
    internal static float[] Round(float[] values)
    {
        var codes = new byte[BlockQuantizer.BlockSize];
        var (scale, zero) = BlockQuantizer.Quantize(values, codes);
        return [.. codes.Select(code => (code - zero) * scale)];
    }

    private static double Error(float[] values, float[] rounded) => values.Zip(rounded, (a, b) => ((double)a - b) * ((double)a - b)).Sum();

    private static (float[][] Weights, float[]? Bias) Part(Random random, int inputs, int outputs, bool bias) =>
        ([.. Enumerable.Range(0, outputs).Select(_ => Values(random, inputs))], bias ? Values(random, outputs) : null);

    private static float[] Values(Random random, int count) => [.. Enumerable.Range(0, count).Select(_ => (float)((random.NextDouble() * 2) - 1))];
}
