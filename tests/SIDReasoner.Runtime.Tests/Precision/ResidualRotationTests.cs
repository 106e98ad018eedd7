using Onnx;
using SIDReasoner.Core.Checkpoints;
using SIDReasoner.Export.Decoder;
using SIDReasoner.Export.Onnx;
using SIDReasoner.Export.Precision;
using SIDReasoner.Runtime.Tests.Model;
using SIDReasoner.TestSupport;
using Xunit;

namespace SIDReasoner.Runtime.Tests.Precision;

/// <summary>The residual stream may be rotated: the function stays, and outliers are spread over all channels.</summary>
public sealed class ResidualRotationTests
{
    private static readonly int[] s_prompt = [1, 5, 9, 30, 12, 7, 3];

    public static TheoryData<string> Variants => [.. RandomCheckpoint.Variants];

    /// <summary>Widths of models: a power of two, three times one, SmolLM2's 576, Qwen2's 896, and an odd one.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(15)]
    [InlineData(64)]
    [InlineData(96)]
    [InlineData(576)]
    [InlineData(896)]
    public void Transposed_AnyWidth_IsOrthogonalAndWithoutLargeEntries(int width)
    {
        var matrix = Rotation(width).Transposed();

        for (var i = 0; i < width; i++)
        {
            for (var j = 0; j <= i; j++)
            {
                double sum = 0;
                for (var k = 0; k < width; k++)
                    sum += (double)matrix[i * width + k] * matrix[j * width + k];
                Assert.Equal(i == j ? 1 : 0, sum, 2e-6);
            }
        }

        Assert.All(matrix, value => Assert.True(Math.Abs(value) <= Math.Sqrt(2.0 / width) + 1e-6));
    }

    /// <summary>Both factors near the root of the width where powers of two allow it.</summary>
    [Theory]
    [InlineData(1, 1, 1)]
    [InlineData(15, 15, 1)]
    [InlineData(64, 8, 8)]
    [InlineData(96, 12, 8)]
    [InlineData(576, 36, 16)]
    [InlineData(1024, 32, 32)]
    [InlineData(1028, 257, 4)]
    public void Factors_AnyWidth_MakeTheMatrix(int width, int a, int b)
    {
        var rotation = Rotation(width);
        var transposed = rotation.Transposed();

        var (left, right) = rotation.Factors();

        Assert.Equal((a * a, b * b), (left.Length, right.Length));
        for (var i = 0; i < width; i++)
        {
            for (var j = 0; j < width; j++)
                Assert.Equal(transposed[j * width + i], left[j / b * a + i / b] * right[i % b * b + j % b], 1e-6);
        }
    }

    [Theory]
    [InlineData(96, 1)]
    [InlineData(96, 5)]
    [InlineData(15, 7)]
    public void Apply_Matrix_IsTheProductWithTheTransposed(int width, int columns)
    {
        var random = new Random(width + columns);
        var rotation = Rotation(width);
        float[] values = [.. Enumerable.Range(0, width * columns).Select(_ => random.NextSingle() - 0.5f)];
        var transposed = rotation.Transposed();
        var expected = new double[values.Length];
        for (var row = 0; row < width; row++)
        {
            for (var column = 0; column < columns; column++)
            {
                for (var k = 0; k < width; k++)
                    expected[row * columns + column] += (double)transposed[row * width + k] * values[k * columns + column];
            }
        }

        rotation.Apply(values, columns);

        for (var i = 0; i < values.Length; i++)
            Assert.Equal(expected[i], values[i], 1e-5);
    }

    [Theory]
    [MemberData(nameof(Variants))]
    public void Of_EveryVariant_LeavesTheFunctionAsItIs(string variant)
    {
        using var files = RandomCheckpoint.Create(variant, seed: 31);
        using var checkpoint = CheckpointFolder.Open(files.Folder);
        var rotation = ResidualRotation.Of(checkpoint);

        Assert.Equal(5 * checkpoint.Config.LayerCount + 1, rotation.Readers.Count);
        AssertFunctionStays(checkpoint, rotation);
    }

    [Fact]
    public void Of_BiasesBehindEveryProduct_LeavesTheFunctionAsItIs()
    {
        using var files = RandomCheckpoint.Create("llama-small-heads", seed: 34, change: c => c with { HasQkvBias = true, HasOutputBias = true, HasMlpBias = true });
        using var checkpoint = CheckpointFolder.Open(files.Folder);

        AssertFunctionStays(checkpoint, ResidualRotation.Of(checkpoint));
    }

    /// <summary>A norm's weight of zero silences its channel, also where the weight has moved.</summary>
    [Fact]
    public void Of_NormWithZeros_LeavesTheFunctionAsItIs()
    {
        using var files = RandomCheckpoint.Create("qwen3-tied", seed: 32);
        TensorData[] tensors;
        using (var stored = CheckpointFolder.Open(files.Folder))
        {
            tensors = [.. stored.Weights.Tensors.Select(pair =>
            {
                var values = stored.Weights.ReadFloats(pair.Key);
                if (pair.Key.EndsWith("layernorm.weight", StringComparison.Ordinal))
                    values[3] = 0;
                return TensorData.FromFloats(pair.Key, [.. pair.Value.Shape], values);
            })];
        }

        SafetensorsWriter.Write(Path.Combine(files.Folder, "model.safetensors"), tensors);
        using var checkpoint = CheckpointFolder.Open(files.Folder);

        AssertFunctionStays(checkpoint, ResidualRotation.Of(checkpoint));
    }

    /// <summary>A row that is no number must reach the cache, in the layer where it is lost if that is the first, and the logits.</summary>
    [Fact]
    public void Of_FourLayers_MeasuresTheHeadAndTheFirstAndLastLayersAttention()
    {
        using var files = RandomCheckpoint.Create("qwen3-untied", seed: 36, change: config => config with { LayerCount = 4 });
        using var checkpoint = CheckpointFolder.Open(files.Folder);
        var rotation = ResidualRotation.Of(checkpoint);

        string[] measured = [.. rotation.Readers.Keys.Except(rotation.BoundedReaders)];

        string[] expected = ["lm_head.weight", .. new[] { 0, 3 }.SelectMany(layer => new[] { "q", "k", "v" }.Select(part => $"model.layers.{layer}.self_attn.{part}_proj.weight"))];
        Assert.Equal(expected.Order(), measured.Order());
    }

    /// <summary>One channel is fifty times larger than the rest, as in pretrained models.</summary>
    [Fact]
    public void Apply_RowWithAnOutlier_RoundsBetter()
    {
        const int width = 96, outputs = 32;
        var random = new Random(33);
        var rotation = Rotation(width);
        float[] x = [.. Enumerable.Range(0, width).Select(i => (random.NextSingle() - 0.5f) * (i == 5 ? 50 : 1))];
        var weights = Enumerable.Range(0, outputs).Select(_ => Enumerable.Range(0, width).Select(_ => random.NextSingle() - 0.5f).ToArray()).ToArray();
        double[] exact = [.. weights.Select(row => row.Zip(x, (w, v) => (double)w * v).Sum())];

        var plain = Distance(exact, SlowQuantized.Int8(x, weights));
        foreach (var row in weights.Append(x))
            rotation.Apply(row, columns: 1);
        var rotated = Distance(exact, SlowQuantized.Int8(x, weights));

        Assert.True(rotated < 0.5 * plain, $"{rotated} rotated, {plain} as it is.");
    }

    /// <summary>An adapter reads and writes the stream as it was trained on; with 4 bits rotation costs more than it gains.</summary>
    [Theory]
    [InlineData("int8", "", true)]
    [InlineData("int8", "model.layers.0.mlp.down_proj", false)]
    [InlineData("int4", "", false)]
    public void Scope_AdaptersOrFourBits_RotateNothing(string precision, string adapted, bool rotates)
    {
        using var files = RandomCheckpoint.Create("qwen3-tied", seed: 35);
        using var checkpoint = CheckpointFolder.Open(files.Folder);
        using var file = new WeightFile(Path.Combine(files.Folder, "model.bin"));
        var graph = new OnnxGraphBuilder("test");
        var ids = graph.Input("ids", TensorProto.Types.DataType.Int64, "batch", "rows");

        var scope = PrecisionForms.Scope(precision, graph, checkpoint, file, magnitudes: null, adapted.Split(',', StringSplitOptions.RemoveEmptyEntries).ToHashSet());
        scope.Weights.Embed("embeddings", DecoderGraph.HeadWeight(checkpoint), ids);

        Assert.Equal(rotates, graph.Build().Graph.Initializer.Any(tensor => tensor.Name.StartsWith("residual_rotation", StringComparison.Ordinal)));
    }

    private static void AssertFunctionStays(CheckpointFolder checkpoint, ResidualRotation rotation)
    {
        var plain = new ReferenceDecoder(checkpoint).LastLogits(s_prompt);
        var rotated = new ReferenceDecoder(checkpoint, rotation: rotation).LastLogits(s_prompt);

        Assert.True(plain.Max(Math.Abs) > 0.1);
        for (var i = 0; i < plain.Length; i++)
            Assert.Equal(plain[i], rotated[i], 1e-4);
    }

    private static ResidualRotation Rotation(int width) => new(width, new Dictionary<string, string>(), new HashSet<string>(), new HashSet<string>());

    private static double Distance(double[] a, double[] b) => Math.Sqrt(a.Zip(b, (x, y) => (x - y) * (x - y)).Sum());
}
