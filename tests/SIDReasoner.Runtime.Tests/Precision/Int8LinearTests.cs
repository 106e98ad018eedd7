using Onnx;
using SIDReasoner.Export.Onnx;
using SIDReasoner.Export.Precision;
using SIDReasoner.TestSupport;
using Xunit;

namespace SIDReasoner.Runtime.Tests.Precision;

/// <summary>8-bit products against the oracle, and no row that depends on another.</summary>
public sealed class Int8LinearTests
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
                var expected = SlowQuantized.Int8(x[(row * inputs)..((row + 1) * inputs)], weights);
                for (var n = 0; n < expected.Length; n++)
                {
                    var value = expected[n] + (bias?[n] ?? 0);
                    Assert.Equal(value, actual[part][row * expected.Length + n], 2e-6 * (Math.Abs(expected[n]) + Math.Abs(value) + 1e-3));
                }
            }
        }
    }

    /// <summary>Where two projections are wide together, their scales are a node of their own.</summary>
    [Theory]
    [InlineData(2047)]
    [InlineData(2048)]
    [InlineData(2100)]
    public void Linears_ManyOutputs_EqualTheOracle(int outputs)
    {
        const int Inputs = 40, Rows = 3;
        var random = new Random(outputs);
        (float[][] Weights, float[]? Bias)[] parts = [Part(random, Inputs, 1000, bias: true), Part(random, Inputs, outputs - 1000, bias: true)];
        using var graph = Graph(parts);
        var x = Values(random, Rows * Inputs);

        var actual = graph.Run(x, 1, Rows);

        for (var part = 0; part < 2; part++)
        {
            double[] expected = [.. x.Chunk(Inputs).SelectMany(row => SlowQuantized.Int8(row, parts[part].Weights).Zip(parts[part].Bias!, (product, bias) => product + bias))];
            Assert.Equal(expected.Length, actual[part].Length);
            Assert.All(expected, (value, i) => Assert.Equal(value, actual[part][i], 1e-5));
        }

        Assert.Equal(outputs >= 2048, graph.Optimized.Graph.Node.Any(node => node.Name.Contains(".scaled", StringComparison.Ordinal)));
    }

    /// <summary>The function is that of the weights as they were; what is rounded has passed through the rotation.</summary>
    [Theory]
    [InlineData(16, 16)]
    [InlineData(1536, 16)]
    [InlineData(72, 8)]
    [InlineData(45, 1)]
    public void Linears_RotatedInputs_EqualTheOracleOfRotatedRows(int inputs, int size)
    {
        const int Batch = 2, Rows = 3;
        var random = new Random(inputs);
        var part = Part(random, inputs, 30, bias: true);
        var rotation = new BlockRotation(inputs, new HashSet<string> { "part0.weight" });
        using var graph = new LinearGraph([part], Writer, inputRotation: rotation);
        using var other = new LinearGraph([part], Writer, inputRotation: new BlockRotation(inputs, new HashSet<string> { "part1.weight" }));
        using var plain = Graph(part);
        var x = Values(random, Batch * Rows * inputs);

        var actual = graph.Run(x, Batch, Rows)[0];

        Assert.Equal(size, rotation.Size);
        foreach (var row in part.Weights)
            rotation.Apply(row);
        for (var row = 0; row < Batch * Rows; row++)
        {
            var input = x[(row * inputs)..((row + 1) * inputs)];
            rotation.Apply(input);
            var expected = SlowQuantized.Int8(input, part.Weights);
            for (var n = 0; n < expected.Length; n++)
                Assert.Equal(expected[n] + part.Bias![n], actual[(row * expected.Length) + n], 1e-4 * inputs / 127);
        }

        Assert.Equal(plain.Run(x, Batch, Rows)[0], other.Run(x, Batch, Rows)[0]);
    }

    /// <summary>Behind a rotated norm the range is fixed, and what lies beyond takes the last code.</summary>
    [Theory]
    [InlineData(100)]
    [InlineData(2100)]
    public void Linears_BoundedInputs_EqualTheOracleOfAFixedRange(int outputs)
    {
        const int Inputs = 48, Rows = 4;
        var random = new Random(outputs);
        var part = Part(random, Inputs, outputs, bias: true);
        using var graph = new LinearGraph([part], Writer, rotation: Bounded(Inputs));
        float[] x = [.. Values(random, Rows * Inputs).Select((value, i) => i % 19 == 0 ? 6 * value : value)];

        var actual = graph.Run(x, 1, Rows)[0];

        Assert.Contains(x, value => Math.Abs(value) > 3.6f);
        Assert.Contains(x, value => value < -3.6f);
        foreach (var row in part.Weights)
            Bounded(Inputs).Apply(row, columns: 1);
        for (var row = 0; row < Rows; row++)
        {
            var expected = SlowQuantized.Int8(x[(row * Inputs)..((row + 1) * Inputs)], part.Weights, range: 3.5f);
            for (var n = 0; n < expected.Length; n++)
                Assert.Equal(expected[n] + part.Bias![n], actual[(row * expected.Length) + n], 1e-4);
        }

        Assert.Empty(graph.Run([], 1, 0)[0]);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Linears_OneRowAloneOrAmongOthers_IsTheSameBits(bool rotates)
    {
        var random = new Random(3);
        const int Inputs = 384, Rows = 61;
        using var graph = new LinearGraph(
            [Part(random, Inputs, 96, bias: true), Part(random, Inputs, 33, bias: true)],
            Writer,
            rotation: rotates ? Bounded(Inputs) : null,
            inputRotation: rotates ? new BlockRotation(Inputs, new HashSet<string> { "part0.weight", "part1.weight" }) : null);
        var x = Values(random, Rows * Inputs);
        for (var k = 0; k < Inputs; k += 50)
            x[(7 * Inputs) + k] *= 400;

        var together = graph.Run(x, 1, Rows);
        var asBatch = graph.Run(x, Rows, 1);

        for (var row = 0; row < Rows; row++)
        {
            var alone = graph.Run(x[(row * Inputs)..((row + 1) * Inputs)], 1, 1);
            for (var part = 0; part < 2; part++)
            {
                var width = alone[part].Length;
                Assert.Equal(alone[part], together[part][(row * width)..((row + 1) * width)]);
                Assert.Equal(alone[part], asBatch[part][(row * width)..((row + 1) * width)]);
            }
        }
    }

    /// <summary>255 * 127 twice is more than 16 bits hold.</summary>
    [Fact]
    public void Linears_LargestCodes_AreSummedWhole()
    {
        const int Inputs = 64;
        float[] ones = [.. Enumerable.Repeat(1f, Inputs)];
        using var graph = Graph([([ones, [.. ones.Select(one => -one)]], null)]);

        var actual = graph.Run(ones, 1, 1)[0];

        Assert.Equal(Inputs, actual[0], 1e-3);
        Assert.Equal(-Inputs, actual[1], 1e-3);
    }

    /// <summary>One row takes another way through the graph than many.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(9)]
    public void TextHead_OneRowAloneOrAmongOthers_IsTheSameBits(int rows)
    {
        const int Inputs = 96;
        var part = Part(new Random(10), Inputs, 333, bias: false);
        using var head = new LinearGraph([part], Writer, isHead: true);
        using var linear = Graph([part]);
        var x = Values(new Random(rows), rows * Inputs);

        var together = head.Run(x, 1, rows)[0];

        Assert.Equal(linear.Run(x, 1, rows)[0], together);
        Assert.Equal(together, x.Chunk(Inputs).SelectMany(row => head.Run(row, 1, 1)[0]));
        Assert.Equal(together, head.Run(x, rows, 1)[0]);
        Assert.Empty(head.Run([], 1, 0)[0]);
    }

    [Fact]
    public void Linears_ZeroRows_GiveZeroOrTheBias()
    {
        var random = new Random(4);
        var (weights, bias) = Part(random, 20, 8, bias: true);
        weights[3] = new float[20];
        using var graph = Graph([(weights, null)]);
        using var biased = Graph([(weights, bias)]);
        float[] x = [.. new float[20], .. Values(random, 20)];

        var plain = graph.Run(x, 1, 2)[0];
        var shifted = biased.Run(x, 1, 2)[0];

        Assert.All(plain[..8], value => Assert.Equal(0, value));
        Assert.Equal(bias!, shifted[..8]);
        Assert.Equal(0, plain[8 + 3]);
        Assert.All(Enumerable.Range(8, 8).Where(n => n != 8 + 3), n => Assert.NotEqual(0, plain[n]));
    }

    [Fact]
    public void Linears_NoRows_GiveNone()
    {
        using var graph = Graph([Part(new Random(5), 16, 4, bias: true), Part(new Random(6), 16, 5, bias: true)]);

        Assert.All(graph.Run([], 1, 0), Assert.Empty);
    }

    /// <summary>A row that is lost must not become a ranking.</summary>
    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    public void Linears_RowThatIsLost_StaysLost(float value)
    {
        using var graph = Graph([Part(new Random(7), 40, 6, bias: false)]);

        var actual = graph.Run([.. Enumerable.Repeat(value, 40), .. Values(new Random(8), 40)], 1, 2)[0];

        Assert.All(actual[..6], v => Assert.False(float.IsFinite(v), $"{v} came of {value}."));
        Assert.All(actual[6..], v => Assert.True(float.IsFinite(v)));
    }

    /// <summary>Every product of two bytes is as large as it can be, so that pairs of them leave 16 bits.</summary>
    [Fact]
    public void Linears_LargestCodes_DoNotSaturate()
    {
        const int Inputs = 300;
        float[] ones = [.. Enumerable.Repeat(1f, Inputs)];
        using var graph = Graph([([ones, [.. ones.Select(x => -x)]], null)]);

        var actual = graph.Run([.. ones, .. ones], 1, 2)[0];

        Assert.All(actual, (value, i) => Assert.Equal(i % 2 == 0 ? Inputs : -Inputs, value, 1e-3));
    }

    /// <summary>u8 weights are exact everywhere, but no kernel multiplies them with VNNI.</summary>
    [Fact]
    public void Weights_ThisProcessor_AreOfTheTypeItMultipliesExactlyAndFast()
    {
        using var graph = Graph([Part(new Random(9), 64, 32, bias: false)]);

        var optimized = graph.Optimized.Graph;

        var product = Assert.Single(optimized.Node, node => node.OpType == "MatMulIntegerToFloat");
        var weights = Assert.Single(optimized.Initializer, tensor => tensor.Name == product.Input[1]);
        Assert.Equal(Processors.HasInt8Dot ? TensorProto.Types.DataType.Int8 : TensorProto.Types.DataType.Uint8, (TensorProto.Types.DataType)weights.DataType);
    }

    private static Int8LinearWriter Writer(OnnxGraphBuilder graph, ScaledWeights weights, WeightFile file) => new(graph, weights, file);

    private static LinearGraph Graph(params (float[][] Weights, float[]? Bias)[] parts) => new(parts, Writer);

    /// <summary>A rotated stream, read by two parts whose input is bounded.</summary>
    private static ResidualRotation Bounded(int width)
    {
        var readers = new[] { "part0.weight", "part1.weight" };
        return new ResidualRotation(width, readers.ToDictionary(name => name, _ => "norm.weight"), new HashSet<string>(), readers.ToHashSet());
    }

    private static (float[][] Weights, float[]? Bias) Part(Random random, int inputs, int outputs, bool bias) =>
        ([.. Enumerable.Range(0, outputs).Select(_ => Values(random, inputs))], bias ? Values(random, outputs) : null);

    private static float[] Values(Random random, int count) => [.. Enumerable.Range(0, count).Select(_ => (float)((random.NextDouble() * 2) - 1))];
}
