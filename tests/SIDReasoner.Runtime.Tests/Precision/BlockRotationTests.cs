using SIDReasoner.Core.Checkpoints;
using SIDReasoner.Export.Precision;
using SIDReasoner.Runtime.Tests.Model;
using SIDReasoner.TestSupport;
using Xunit;

namespace SIDReasoner.Runtime.Tests.Precision;

/// <summary>down_proj's inputs may be rotated block by block: the function stays, and outliers are spread over their block.</summary>
public sealed class BlockRotationTests
{
    private static readonly int[] s_prompt = [1, 5, 9, 30, 12, 7, 3];

    public static TheoryData<string> Variants => [.. RandomCheckpoint.Variants];

    [Theory]
    [InlineData(1, 1)]
    [InlineData(7, 1)]
    [InlineData(12, 4)]
    [InlineData(64, 16)]
    [InlineData(1536, 16)]
    public void Matrix_AnyWidth_IsOrthogonalEvenAndWhatApplyDoes(int width, int size)
    {
        var rotation = new BlockRotation(width, new HashSet<string>());
        var matrix = rotation.Matrix();
        float[] row = [.. Enumerable.Range(0, width).Select(i => MathF.Sin(i + 1))];
        var expected = row.Chunk(size).SelectMany(block => Enumerable.Range(0, size).Select(column => Enumerable.Range(0, size).Sum(k => (double)block[k] * matrix[(k * size) + column]))).ToArray();

        rotation.Apply(row);

        Assert.Equal(size, rotation.Size);
        Assert.All(matrix, value => Assert.Equal(1 / Math.Sqrt(size), Math.Abs(value), 1e-6));
        for (var i = 0; i < size; i++)
        {
            for (var j = 0; j < size; j++)
                Assert.Equal(i == j ? 1 : 0, Enumerable.Range(0, size).Sum(k => matrix[(i * size) + k] * matrix[(j * size) + k]), 1e-6);
        }

        for (var i = 0; i < width; i++)
            Assert.Equal(expected[i], row[i], 1e-5);
    }

    /// <summary>Also where the residual stream is rotated, whose other side down_proj writes to.</summary>
    [Theory]
    [MemberData(nameof(Variants))]
    public void Of_EveryVariant_LeavesTheFunctionAsItIs(string variant)
    {
        using var files = RandomCheckpoint.Create(variant, seed: 41);
        using var checkpoint = CheckpointFolder.Open(files.Folder);
        var plain = new ReferenceDecoder(checkpoint).LastLogits(s_prompt);

        foreach (var rotation in new[] { null, ResidualRotation.Of(checkpoint) })
        {
            var rotated = new ReferenceDecoder(checkpoint, rotation: rotation, inputRotation: BlockRotation.Of(checkpoint)).LastLogits(s_prompt);
            for (var i = 0; i < plain.Length; i++)
                Assert.Equal(plain[i], rotated[i], 1e-4);
        }

        Assert.Equal(checkpoint.Config.LayerCount, BlockRotation.Of(checkpoint).Readers.Count);
        Assert.All(BlockRotation.Of(checkpoint).Readers, name => Assert.Contains(name, checkpoint.Weights.Tensors.Keys));
    }

    /// <summary>An outlier here and there, in no fixed channel.</summary>
    [Fact]
    public void Apply_RowsWithOutliers_RoundBetter()
    {
        const int Width = 256, Outputs = 32;
        var random = new Random(42);
        var rotation = new BlockRotation(Width, new HashSet<string>());
        float[] x = [.. Enumerable.Range(0, Width).Select(i => (random.NextSingle() - 0.5f) * (i is 5 or 77 ? 60 : 1))];
        var weights = Enumerable.Range(0, Outputs).Select(_ => Enumerable.Range(0, Width).Select(_ => random.NextSingle() - 0.5f).ToArray()).ToArray();
        double[] exact = [.. weights.Select(row => row.Zip(x, (w, v) => (double)w * v).Sum())];

        var plain = Distance(exact, SlowQuantized.Int8(x, weights));
        foreach (var row in weights.Append(x))
            rotation.Apply(row);
        var rotated = Distance(exact, SlowQuantized.Int8(x, weights));

        Assert.True(rotated < 0.6 * plain, $"{rotated} rotated, {plain} as it is.");
    }

    private static double Distance(double[] a, double[] b) => Math.Sqrt(a.Zip(b, (x, y) => (x - y) * (x - y)).Sum());
}
