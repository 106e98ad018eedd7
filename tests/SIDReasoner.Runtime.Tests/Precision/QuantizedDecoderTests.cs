using SIDReasoner.Core.Checkpoints;
using SIDReasoner.Decoding;
using SIDReasoner.Export.Precision;
using SIDReasoner.Runtime.Tests.Model;
using SIDReasoner.TestSupport;
using Xunit;

namespace SIDReasoner.Runtime.Tests.Precision;

/// <summary>Whole decoders against the decoder written out with the oracle's products in place of sums.</summary>
public sealed class QuantizedDecoderTests
{
    /// <summary>Rounding an input to the other of two codes is the most that float32 beside double may do.</summary>
    private const double Flips = 0.25;

    private static readonly int[] s_prompt = [1, 5, 9, 30, 12, 7, 3];

    public static TheoryData<string, string> Cases
    {
        get
        {
            var cases = new TheoryData<string, string>();
            foreach (var variant in RandomCheckpoint.Variants)
            {
                cases.Add("int8", variant);
                cases.Add("int4", variant);
            }

            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void AppendTokens_Quantized_EqualsTheOraclesDecoder(string precision, string variant)
    {
        using var files = RandomCheckpoint.Create(variant, seed: 13);
        using var checkpoint = CheckpointFolder.Open(files.Folder);
        using var source = new OnnxSessionSource(files.Folder, change: o => o with { Precisions = [precision] });
        using var session = source.CreateSession();

        session.AppendTokens(s_prompt, StepOutputs.Logits);

        var exact = new ReferenceDecoder(checkpoint).LastLogits(s_prompt);
        var rotation = precision == "int8" ? ResidualRotation.Of(checkpoint) : null;
        var quantized = new ReferenceDecoder(checkpoint, Product(precision), rotation: rotation).LastLogits(s_prompt);
        var cost = Distance(exact, quantized);
        var error = Distance(quantized, [.. session.Logits.AsSpan().ToArray().Select(v => (double)v)]);
        Assert.True(error < Flips * cost, $"The graph is {error} from the oracle, which is {cost} from the exact decoder.");
    }

    private static Func<double[], double[], double[]> Product(string precision) => (x, weights) =>
    {
        float[] row = [.. x.Select(v => (float)v)];
        var rows = weights.Chunk(x.Length).Select(w => w.Select(v => (float)v).ToArray()).ToArray();
        return precision switch
        {
            "int8" => SlowQuantized.Int8(row, rows),
            "int4" => SlowQuantized.Blocks(row, rows, Int4LinearTests.Round),
            _ => throw new ArgumentOutOfRangeException(nameof(precision), precision, "No oracle."),
        };
    };

    private static double Distance(double[] a, double[] b) => Math.Sqrt(a.Zip(b, (x, y) => (x - y) * (x - y)).Sum());
}
