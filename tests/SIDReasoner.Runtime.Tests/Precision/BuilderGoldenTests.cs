using SIDReasoner.Decoding;
using SIDReasoner.Runtime.Tests.Model;
using SIDReasoner.TestSupport;
using Xunit;

namespace SIDReasoner.Runtime.Tests.Precision;

/// <summary>Beside the graphs that GenAI's own model builder writes of the same checkpoint (golden/genai-builder).</summary>
public sealed class BuilderGoldenTests
{
    private const string Folder = "genai-builder";

    [SkippableFact]
    public void AppendTokens_Float32_GivesTheBuildersLogits()
    {
        foreach (var (own, builder, _) in Compare("fp32", "fp32-cpu"))
            Assert.InRange(GoldenJson.Distance(own, builder), 0, 5e-5f);
    }

    [SkippableFact]
    public void AppendTokens_Int4_ErrsNoMoreThanTheBuilders()
    {
        double ours = 0, theirs = 0;
        foreach (var (own, builder, exact) in Compare("int4", "int4-cpu"))
        {
            ours += Square(own, exact);
            theirs += Square(builder, exact);
        }

        Assert.InRange(ours, 0, theirs);
    }

    /// <summary>For each prompt our logits of a precision, the builder's of a graph, and the builder's in float32.</summary>
    private static IEnumerable<(float[] Own, float[] Builder, float[] Exact)> Compare(string precision, string graph)
    {
        var checkpoint = GoldenCases.Require(Folder + "/hf");
        var cases = GoldenJson.Read(Path.Combine(GoldenCases.Root, Folder, "expected.json")).GetProperty("cases").EnumerateArray().ToList();
        using var source = new OnnxSessionSource(checkpoint, change: options => options with { Precisions = [precision] });
        using var session = source.CreateSession();
        foreach (var own in cases.Where(c => c.GetProperty("graph").GetString() == graph))
        {
            var prompt = own.GetProperty("prompt").Ints();
            var exact = cases.Single(c => c.GetProperty("graph").GetString() == "fp32-cpu" && c.GetProperty("prompt").Ints().SequenceEqual(prompt));
            session.Rewind(0);
            session.AppendTokens(prompt, StepOutputs.Logits);
            yield return (session.Logits.AsSpan().ToArray(), own.GetProperty("last_logits").Floats(), exact.GetProperty("last_logits").Floats());
        }
    }

    private static double Square(float[] one, float[] other) => one.Zip(other, (a, b) => ((double)a - b) * ((double)a - b)).Sum();
}
