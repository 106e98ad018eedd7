using SIDReasoner.Core;
using SIDReasoner.Decoding;
using SIDReasoner.Runtime.Model;
using SIDReasoner.TestSupport;
using Xunit;

namespace SIDReasoner.Runtime.GenAI.Tests;

/// <summary>GenAI opens a bundle's other precisions by overlaying the file's name, and computes the same bits as ONNX Runtime.</summary>
public sealed class PrecisionTests
{
    [Theory]
    [InlineData("int8")]
    [InlineData("int4")]
    public void CreateSession_OtherPrecision_EqualsOnnxRuntimesBits(string precision)
    {
        using var checkpoint = RandomCheckpoint.Create("qwen3-tied", seed: 51);
        using var bundle = new TestBundle(checkpoint.Folder, checkpoint.CatalogFolder, options => options with { Precisions = ["fp32", precision] });
        using var genAi = bundle.LoadGenAi(options => options with { Precision = precision, ForcePrecision = true });
        using var onnx = OnnxModel.Load(bundle.Bundle, new OnnxModelOptions { Threads = 1, Precision = precision, ForcePrecision = true });
        using var plain = bundle.LoadOnnx();

        var (expected, actual, other) = (Rows(onnx), Rows(genAi), Rows(plain));

        Assert.Equal(precision, genAi.Precision);
        Assert.Equal(expected, actual);
        Assert.NotEqual(other, actual);
    }

    [Fact]
    public void Load_PrecisionTheBundleLacks_NamesThoseItHas()
    {
        using var checkpoint = RandomCheckpoint.Create("qwen3-tied", seed: 52);
        using var bundle = new TestBundle(checkpoint.Folder, change: options => options with { Precisions = ["int8", "fp32"] });

        var error = Assert.Throws<SidReasonerException>(() => bundle.LoadGenAi(options => options with { Precision = "int3" }));

        Assert.Contains("'int8', 'fp32'", error.Message, StringComparison.Ordinal);
        using var first = bundle.LoadGenAi(options => options with { ForcePrecision = true });
        Assert.Equal("int8", first.Precision);
    }

    /// <summary>Text, then two packed levels.</summary>
    private static float[] Rows(IDecoderEngine engine)
    {
        const StepOutputs Outputs = StepOutputs.SidLogits | StepOutputs.LogSumExp;
        using var session = engine.CreateSession();
        session.AppendTokens([1, 5, 9, 30, 12], StepOutputs.Logits | Outputs);
        var values = new List<float>([.. session.Logits.AsSpan(), .. session.SidLogits.AsSpan()]);
        session.AppendBeams([40, 41, 42], [-1, -1, -1], Outputs);
        session.AppendBeams([43, 44, 45, 46], [2, 0, 0, 1], Outputs);
        values.AddRange(session.SidLogits.AsSpan());
        values.AddRange(session.LogSumExp.AsSpan());
        return [.. values];
    }
}
