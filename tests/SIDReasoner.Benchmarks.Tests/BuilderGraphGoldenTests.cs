using System.Text.Json;
using SIDReasoner.Benchmarks.Decoders.Builder;
using SIDReasoner.Core.Configuration;
using SIDReasoner.Decoding;
using SIDReasoner.TestSupport;
using Xunit;

namespace SIDReasoner.Benchmarks.Tests;

/// <summary>Our stand-in for GenAI's builder gives what that builder's own files give.</summary>
public sealed class BuilderGraphGoldenTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("sidr-builder-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [SkippableTheory]
    [InlineData(BuilderPrecision.Float32, "fp32-cpu", 1e-5f)]
    [InlineData(BuilderPrecision.Bits4, "int4-cpu", 1e-4f)]
    public void Graph_Checkpoint_GivesTheBuildersLogits(BuilderPrecision precision, string graph, float tolerance)
    {
        (string checkpoint, ModelConfig config) = Require();
        BuilderGraph.Write(checkpoint, precision, config.MaxPositions, _folder);
        using var session = new BuilderSession(_folder, config, capacity: 96, threads: 1);
        int compared = 0;
        foreach ((int[] prompt, float[] expected) in Cases(graph))
        {
            session.Rewind(0);
            session.AppendTokens(prompt, StepOutputs.Logits);
            AssertClose(expected, session.Logits.AsSpan(), tolerance);
            compared++;

            // The same from the cache, the last token alone.
            if (prompt.Length > 1)
            {
                session.Rewind(0);
                session.AppendTokens(prompt.AsSpan(0, prompt.Length - 1), StepOutputs.Logits);
                session.AppendTokens(prompt.AsSpan(prompt.Length - 1), StepOutputs.Logits);
                AssertClose(expected, session.Logits.AsSpan(), tolerance);
            }
        }

        Assert.True(compared >= 4);
    }

    [SkippableFact]
    public void Weights_Of4Bits_AreTheBuildersBytes()
    {
        (string checkpoint, ModelConfig config) = Require();
        BuilderGraph.Write(checkpoint, BuilderPrecision.Bits4, config.MaxPositions, _folder);
        byte[] ours = File.ReadAllBytes(Path.Combine(_folder, "model.onnx.data"));
        byte[] theirs = File.ReadAllBytes(Path.Combine(GoldenCases.Root, "genai-builder/int4-cpu/model.onnx.data"));

        // Codes of the first layer's q, k, v and of the head, where nodes.txt has them.
        foreach ((int offset, int length) in new[] { (68608, 16384), (252928, 65536), (84992, 4096), (318464, 16384) })
        {
            Assert.True(ours.AsSpan().IndexOf(theirs.AsSpan(offset, length)) >= 0, $"The builder's {length} bytes at {offset} are not in ours.");
        }
    }

    [SkippableFact]
    public void Graph_Of8Bits_StaysNearFloat32()
    {
        (string checkpoint, ModelConfig config) = Require();
        BuilderGraph.Write(checkpoint, BuilderPrecision.Bits8, config.MaxPositions, _folder);
        using var session = new BuilderSession(_folder, config, capacity: 96, threads: 1);
        foreach ((int[] prompt, float[] expected) in Cases("fp32-cpu"))
        {
            session.Rewind(0);
            session.AppendTokens(prompt, StepOutputs.Logits);
            AssertClose(expected, session.Logits.AsSpan(), 0.4f);
        }
    }

    private static (string Checkpoint, ModelConfig Config) Require()
    {
        string checkpoint = Path.Combine(GoldenCases.Root, "genai-builder/hf");
        Skip.IfNot(Directory.Exists(checkpoint), $"'genai-builder' is not in '{GoldenCases.Root}'; set SIDR_GOLDEN to the golden files' folder.");
        return (checkpoint, ModelConfig.Load(Path.Combine(checkpoint, "config.json")));
    }

    private static List<(int[] Prompt, float[] Logits)> Cases(string graph)
    {
        using JsonDocument json = JsonDocument.Parse(File.ReadAllText(Path.Combine(GoldenCases.Root, "genai-builder/expected.json")));
        return [.. json.RootElement.GetProperty("cases").EnumerateArray()
            .Where(c => c.GetProperty("graph").GetString() == graph)
            .Select(c => (c.GetProperty("prompt").EnumerateArray().Select(id => id.GetInt32()).ToArray(), c.GetProperty("last_logits").EnumerateArray().Select(x => x.GetSingle()).ToArray()))];
    }

    private static void AssertClose(float[] expected, ReadOnlySpan<float> actual, float tolerance)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (int i = 0; i < expected.Length; i++)
        {
            Assert.True(Math.Abs(expected[i] - actual[i]) <= tolerance, $"[{i}] is {actual[i]}; expected {expected[i]} within {tolerance}.");
        }
    }
}
