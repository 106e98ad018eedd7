using System.Text.Json.Nodes;
using SIDReasoner.Core.Bundles;
using SIDReasoner.Core.Checkpoints;
using SIDReasoner.Decoding;
using SIDReasoner.TestSupport;
using Xunit;

namespace SIDReasoner.Runtime.Tests.Model;

/// <summary>Forms of checkpoints that the golden files do not have.</summary>
public sealed class OnnxVariantTests
{
    private static readonly int[] s_prompt = [1, 5, 9, 30, 12];

    [Fact]
    public void SidLogits_ColumnsWithGaps_AreGatheredFromTheFullHead()
    {
        using var checkpoint = RandomCheckpoint.Create("qwen3-untied", seed: 101);
        File.Delete(Path.Combine(checkpoint.Folder, "sidreasoner.json"));
        int[] ids = [3, 4, 9, 17, 41];
        var tokens = BundleSidTokens.Create(ids, ["<a_0>", "<a_1>", "<a_2>", "<a_3>", "<a_4>"]);
        using var source = new OnnxSessionSource(checkpoint.Folder, change: o => o with { SidTokens = tokens, Levels = 3 });
        using var session = source.CreateSession();

        session.AppendTokens(s_prompt, StepOutputs.Logits | StepOutputs.SidLogits);

        Assert.Null(source.Bundle.Manifest.SidTokens!.FirstId);
        var full = session.Logits.AsSpan().ToArray();
        Assert.InRange(GoldenJson.Distance(session.SidLogits.AsSpan(), ids.Select(id => full[id]).ToArray()), 0, 1e-5f);
    }

    /// <summary>Llama's attention_bias and mlp_bias: zero biases change nothing, and each of the seven kinds has an effect.</summary>
    [Fact]
    public void Logits_EveryBias_IsAddedWhereItBelongs()
    {
        using var checkpoint = RandomCheckpoint.Create("llama3-scaled", seed: 102);
        var plain = LastLogits(checkpoint.Folder);

        Assert.InRange(GoldenJson.Distance(WithBiases(checkpoint, filled: null), plain), 0, 1e-5f);
        foreach (var kind in new[] { "q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj" })
            Assert.True(GoldenJson.Distance(WithBiases(checkpoint, kind), plain) > 1e-3f, $"The bias of {kind} changes nothing.");
    }

    private static float[] WithBiases(RandomCheckpoint checkpoint, string? filled)
    {
        var folder = Path.Combine(checkpoint.Root, filled ?? "zero");
        Directory.CreateDirectory(folder);
        var config = JsonNode.Parse(File.ReadAllText(Path.Combine(checkpoint.Folder, "config.json")))!;
        config["attention_bias"] = true;
        config["mlp_bias"] = true;
        File.WriteAllText(Path.Combine(folder, "config.json"), config.ToJsonString());
        using var weights = SafetensorsReader.Open(checkpoint.Folder);
        var tensors = weights.Tensors.Values.Select(t => TensorData.FromFloats(t.Name, t.Shape, weights.ReadFloats(t.Name))).ToList();
        foreach (var projection in weights.Tensors.Values.Where(t => t.Name.EndsWith("_proj.weight", StringComparison.Ordinal)))
        {
            var values = new float[projection.Shape[0]];
            if (filled is not null && projection.Name.Contains(filled, StringComparison.Ordinal))
                Array.Fill(values, 0.5f);
            if (filled == "k_proj")
                values = [.. Enumerable.Range(0, values.Length).Select(i => values[i] * (i % 2))];
            tensors.Add(TensorData.FromFloats(Path.ChangeExtension(projection.Name, "bias"), [values.Length], values));
        }

        SafetensorsWriter.Write(Path.Combine(folder, "model.safetensors"), tensors);
        return LastLogits(folder);
    }

    private static float[] LastLogits(string folder)
    {
        using var source = new OnnxSessionSource(folder);
        using var session = source.CreateSession();
        session.AppendTokens(s_prompt, StepOutputs.Logits);
        return session.Logits.AsSpan().ToArray();
    }
}
