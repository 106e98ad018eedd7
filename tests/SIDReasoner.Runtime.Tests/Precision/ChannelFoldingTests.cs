using SIDReasoner.Core;
using SIDReasoner.Core.Checkpoints;
using SIDReasoner.Export.Bundles;
using SIDReasoner.Export.Decoder;
using SIDReasoner.Export.Precision;
using SIDReasoner.Export.Precision.Calibration;
using SIDReasoner.Runtime.Tests.Model;
using SIDReasoner.TestSupport;
using Xunit;

namespace SIDReasoner.Runtime.Tests.Precision;

/// <summary>Channels of outliers move into weights, the function stays, and rounding costs less.</summary>
public sealed class ChannelFoldingTests : IDisposable
{
    private const int Rows = 64;

    private static readonly int[][] s_prompts = [[1, 5, 9, 30, 12, 7, 3], [2, 40, 41, 8], [50, 4, 4, 17, 33]];

    private readonly string _folder = Directory.CreateTempSubdirectory("sidr-folding-").FullName;

    public static TheoryData<string> Variants => [.. RandomCheckpoint.Variants];

    [Theory]
    [MemberData(nameof(Variants))]
    public void Scales_EveryVariant_LeaveTheFunctionAsItIs(string variant)
    {
        using var files = RandomCheckpoint.Create(variant, seed: 17);
        using var checkpoint = CheckpointFolder.Open(files.Folder);
        var scales = ChannelFolding.Scales(checkpoint, Measure(checkpoint), new HashSet<string>());

        var plain = new ReferenceDecoder(checkpoint).LastLogits(s_prompts[0]);
        var folded = new ReferenceDecoder(checkpoint, scales: scales).LastLogits(s_prompts[0]);

        Assert.Equal((6 * checkpoint.Config.LayerCount) + 1, scales.Inputs.Count);
        Assert.All(scales.Inputs.Values, factors => Assert.Contains(factors, factor => Math.Abs(factor - 1) > 0.05));
        for (var i = 0; i < plain.Length; i++)
            Assert.Equal(plain[i], folded[i], 1e-4);
    }

    [Fact]
    public void Measure_Prompts_GivesTheLargestInputOfEachProduct()
    {
        using var files = RandomCheckpoint.Create("qwen3-tied", seed: 18);
        using var checkpoint = CheckpointFolder.Open(files.Folder);

        var magnitudes = Measure(checkpoint);

        // Every input row that the slow decoder multiplies with a weight, over all prompts.
        foreach (var name in new[] { "model.layers.0.self_attn.q_proj.weight", "model.layers.1.mlp.down_proj.weight", DecoderGraph.HeadWeight(checkpoint) })
        {
            var weight = checkpoint.Weights.ReadFloats(name).Select(v => (double)v).ToArray();
            var most = new double[magnitudes[name].Length];
            foreach (var prompt in s_prompts)
            {
                for (var length = 1; length <= prompt.Length; length++)
                {
                    _ = new ReferenceDecoder(checkpoint, (_, x, w) =>
                    {
                        if (w.Length == weight.Length && w.AsSpan().SequenceEqual(weight))
                            most = [.. most.Zip(x, (a, b) => Math.Max(a, Math.Abs(b)))];
                        return [.. w.Chunk(x.Length).Select(row => row.Zip(x, (a, b) => a * b).Sum())];
                    }).LastLogits(prompt[..length]);
                }
            }

            Assert.All(most.Zip(magnitudes[name]), pair => Assert.Equal(pair.First, pair.Second, 1e-4));
        }
    }

    [Fact]
    public void Scales_ProjectionsThatAnAdapterChanges_StayAsTheyAre()
    {
        using var files = RandomCheckpoint.Create("qwen3-tied", seed: 19);
        using var checkpoint = CheckpointFolder.Open(files.Folder);
        HashSet<string> adapted = ["model.layers.0.self_attn.v_proj", "model.layers.1.mlp.up_proj"];

        var scales = ChannelFolding.Scales(checkpoint, Measure(checkpoint), adapted);

        string[] plain = ["model.layers.0.self_attn.q_proj.weight", "model.layers.0.self_attn.v_proj.weight", "model.layers.1.mlp.gate_proj.weight", "model.layers.1.mlp.down_proj.weight"];
        Assert.All(plain, name => Assert.DoesNotContain(name, scales.Inputs.Keys));
        Assert.DoesNotContain("model.layers.0.input_layernorm.weight", scales.Outputs.Keys);
        Assert.DoesNotContain("model.layers.1.mlp.up_proj.weight", scales.Outputs.Keys);
        Assert.Contains("model.layers.1.self_attn.q_proj.weight", scales.Inputs.Keys);
    }

    /// <summary>One norm weight makes one channel of its input fifty times larger, as pretrained models have it.</summary>
    [Fact]
    public void Int8_ModelWithOutliers_LosesLessOnceFolded()
    {
        using var files = RandomCheckpoint.Create("qwen3-tied", seed: 20);
        using var checkpoint = CheckpointFolder.Open(files.Folder);
        var outliers = new Dictionary<string, float[]>();
        foreach (var norm in new[] { "model.layers.0.input_layernorm.weight", "model.layers.1.post_attention_layernorm.weight", "model.layers.1.input_layernorm.weight" })
            outliers[norm] = [.. Enumerable.Range(0, checkpoint.Config.HiddenSize).Select(i => i == 5 ? 1 / 50f : 1f)];
        var model = new ChannelScales(new Dictionary<string, float[]>(), outliers);
        double[] Logits(ChannelScales? scales, bool rounds) => new ReferenceDecoder(checkpoint, rounds ? Int8 : null, scales).LastLogits(s_prompts[0]);
        var magnitudes = Measure(checkpoint);
        foreach (var (norm, divisors) in outliers)
        {
            var reader = norm.Replace("input_layernorm", "self_attn.q_proj", StringComparison.Ordinal).Replace("post_attention_layernorm", "mlp.gate_proj", StringComparison.Ordinal);
            magnitudes[reader] = [.. magnitudes[reader].Zip(divisors, (m, d) => m / d)];
        }

        var folding = ChannelFolding.Scales(checkpoint, magnitudes, new HashSet<string>());
        var both = new ChannelScales(folding.Inputs, folding.Outputs.ToDictionary(
            pair => pair.Key, pair => outliers.TryGetValue(pair.Key, out var own) ? pair.Value.Zip(own, (a, b) => a * b).ToArray() : pair.Value));

        var exact = Logits(model, rounds: false);
        var (plain, folded) = (Distance(exact, Logits(model, rounds: true)), Distance(exact, Logits(both, rounds: true)));

        Assert.True(Distance(exact, Logits(both, rounds: false)) < 0.01 * plain);
        Assert.True(folded < 0.75 * plain, $"{folded} folded, {plain} as it is.");
    }

    [Fact]
    public void Export_Calibration_IsCountedInTheManifestAndFoundInTheFile()
    {
        using var files = RandomCheckpoint.Create("qwen3-tied", seed: 22);
        var prompts = Path.Combine(_folder, "prompts.jsonl");
        File.WriteAllLines(prompts, s_prompts.Select(p => $$"""{"prompt_ids": [{{string.Join(',', p)}}]}"""));
        BundleExportOptions Options(string name, string? calibration) => new() { Checkpoint = files.Folder, Output = Path.Combine(_folder, name), Precisions = ["fp32", "int4"], Calibration = calibration };

        var plain = BundleExporter.Export(Options("plain", null));
        var folded = BundleExporter.Export(Options("folded", prompts));

        Assert.Equal((0, 3), (plain.CalibrationPrompts, folded.CalibrationPrompts));
        Assert.Equal(plain.Files["model.onnx"].Sha256, folded.Files["model.onnx"].Sha256);
        Assert.NotEqual(plain.Files["model.int4.bin"].Sha256, folded.Files["model.int4.bin"].Sha256);
        Assert.False(File.Exists(Path.Combine(_folder, "folded", "calibration.onnx")));
    }

    [Theory]
    [InlineData("{\"prompt_ids\": [1, 100000]}", "line 2 has ids up to 100000")]
    [InlineData("{\"prompt_ids\": []}", "line 2 has no token")]
    [InlineData("{\"prompt\": 1}", "neither 'text' nor 'prompt_ids'")]
    [InlineData("{", "line 2")]
    [InlineData("{\"text\": \"a\"}", "tokenizer.json")]
    public void Export_DamagedCalibration_NamesTheLineAndWritesNothing(string line, string expected)
    {
        using var files = RandomCheckpoint.Create("qwen3-tied", seed: 23);
        foreach (var file in Directory.GetFiles(files.Folder, "tokenizer*.json"))
            File.Delete(file);
        var prompts = Path.Combine(_folder, "prompts.jsonl");
        File.WriteAllLines(prompts, ["{\"prompt_ids\": [1]}", line]);
        var output = Path.Combine(_folder, "bundle");

        var error = Assert.ThrowsAny<SidReasonerException>(() => BundleExporter.Export(
            new BundleExportOptions { Checkpoint = files.Folder, Output = output, Precisions = ["int4"], Calibration = prompts }));

        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(output));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private Dictionary<string, float[]> Measure(CheckpointFolder checkpoint)
    {
        foreach (var file in checkpoint.Weights.Files)
            File.Copy(file, Path.Combine(_folder, Path.GetFileName(file)), overwrite: true);
        using (var tables = File.Create(Path.Combine(_folder, RotaryEmbedding.FileName)))
            RotaryEmbedding.WriteTables(tables, checkpoint.Config, Rows);
        return ChannelMagnitudes.Measure(checkpoint, _folder, Rows, s_prompts);
    }

    private static double[] Int8(string name, double[] x, double[] weights) =>
        SlowQuantized.Int8([.. x.Select(v => (float)v)], [.. weights.Chunk(x.Length).Select(row => row.Select(v => (float)v).ToArray())]);

    private static double Distance(double[] a, double[] b) => Math.Sqrt(a.Zip(b, (x, y) => (x - y) * (x - y)).Sum());
}
