using Microsoft.ML.OnnxRuntime;
using SIDReasoner.Decoding;
using SIDReasoner.TestSupport;
using Xunit;

namespace SIDReasoner.Runtime.Tests.Model;

/// <summary>The graph itself, by ONNX Runtime's own API, as other programs run it.</summary>
public sealed class OnnxGraphTests
{
    private static readonly int[] s_prompt = [1, 5, 9, 30, 12, 12, 7];

    public static TheoryData<string> Variants => [.. RandomCheckpoint.Variants];

    /// <summary>What ONNX Runtime GenAI's preset gives a program that sets nothing: one zero.</summary>
    [Theory]
    [MemberData(nameof(Variants))]
    public void Run_PresetControl_GivesTheLastRowsLogits(string variant)
    {
        using var checkpoint = RandomCheckpoint.Create(variant, seed: 11);
        using var source = new OnnxSessionSource(checkpoint.Folder, checkpoint.CatalogFolder);
        using var session = source.CreateSession();
        session.AppendTokens(s_prompt, StepOutputs.Logits);

        using var outputs = RawRun(source, [0]);

        var logits = outputs.First(o => o.Name == "logits").AsTensor<float>();
        Assert.Equal([1, 1, checkpoint.Config.VocabSize], logits.Dimensions.ToArray());
        Assert.Equal(session.Logits.AsSpan(), logits.ToArray().AsSpan());
        Assert.Equal([1, 0, checkpoint.Vocabulary.Count], outputs.First(o => o.Name == "sid_logits").AsTensor<float>().Dimensions.ToArray());
        Assert.Equal([0], outputs.First(o => o.Name == "logz").AsTensor<float>().Dimensions.ToArray());
    }

    [Fact]
    public void Run_BatchOfEqualPrompts_GivesEqualRows()
    {
        using var checkpoint = RandomCheckpoint.Create("qwen3-tied", seed: 12);
        using var source = new OnnxSessionSource(checkpoint.Folder, checkpoint.CatalogFolder);

        using var one = RawRun(source, [0]);
        using var three = RawRun(source, [0], batch: 3);

        var expected = one.First(o => o.Name == "logits").AsTensor<float>().ToArray();
        var rows = three.First(o => o.Name == "logits").AsTensor<float>().ToArray();
        foreach (var row in rows.Chunk(expected.Length))
            Assert.InRange(GoldenJson.Distance(row, expected), 0, 1e-5f);
    }

    [Fact]
    public void AppendTokens_NoHeadAsked_RunsOverNoRows()
    {
        using var checkpoint = RandomCheckpoint.Create("qwen3-tied", seed: 13);
        using var source = new OnnxSessionSource(checkpoint.Folder, checkpoint.CatalogFolder);

        using var outputs = RawRun(source, [0, 0, 0, 0, 0, 1]);

        Assert.All(outputs.First(o => o.Name == "logits").AsTensor<float>().ToArray(), value => Assert.Equal(0, value));
        Assert.Equal([1, 0, checkpoint.Vocabulary.Count], outputs.First(o => o.Name == "sid_logits").AsTensor<float>().Dimensions.ToArray());
    }

    [Fact]
    public void EndLogits_ReferenceEndKnown_EqualsThoseColumnsOfTheFullHead()
    {
        using var checkpoint = RandomCheckpoint.Create("qwen3-untied", seed: 14);
        using var source = new OnnxSessionSource(checkpoint.Folder, checkpoint.CatalogFolder, o => o with { ReferenceEnd = [7, 2] });
        using var session = source.Model.CreateSession();

        session.AppendTokens(s_prompt, StepOutputs.Logits | StepOutputs.EndLogits);
        float[] expected = [session.Logits.AsSpan()[7], session.Logits.AsSpan()[2]];
        Assert.InRange(GoldenJson.Distance(session.EndLogits.AsSpan(), expected), 0, 1e-5f);

        int[] sids = [checkpoint.Vocabulary.TokenIds[0], checkpoint.Vocabulary.TokenIds[1]];
        session.AppendBeams(sids, [-1, -1], StepOutputs.EndLogits);
        Assert.Equal(2, session.EndLogits.Rows);
        var beams = session.EndLogits.AsSpan().ToArray();
        session.Rewind(s_prompt.Length);
        session.AppendTokens([sids[1]], StepOutputs.Logits);
        Assert.InRange(GoldenJson.Distance(beams.AsSpan(2), [session.Logits.AsSpan()[7], session.Logits.AsSpan()[2]]), 0, 1e-4f);
    }

    private static IDisposableReadOnlyCollection<DisposableNamedOnnxValue> RawRun(OnnxSessionSource source, long[] control, int batch = 1)
    {
        var manifest = source.Bundle.Manifest;
        using var raw = new InferenceSession(source.Bundle.FilePath("model.onnx"));
        var length = s_prompt.Length;
        var ids = Enumerable.Repeat(s_prompt, batch).SelectMany(p => p).Select(id => (long)id).ToArray();
        var inputs = new List<NamedOnnxValue>
        {
            NamedOnnxValue.CreateFromTensor("input_ids", new Microsoft.ML.OnnxRuntime.Tensors.DenseTensor<long>(ids, [batch, length])),
            NamedOnnxValue.CreateFromTensor("attention_mask", new Microsoft.ML.OnnxRuntime.Tensors.DenseTensor<long>(Enumerable.Repeat(1L, batch * length).ToArray(), [batch, length])),
            NamedOnnxValue.CreateFromTensor("num_logits_to_keep", new Microsoft.ML.OnnxRuntime.Tensors.DenseTensor<long>(control, [control.Length])),
        };
        foreach (var name in raw.InputMetadata.Keys.Where(n => n.StartsWith("past_key_values", StringComparison.Ordinal)))
        {
            inputs.Add(NamedOnnxValue.CreateFromTensor(
                name, new Microsoft.ML.OnnxRuntime.Tensors.DenseTensor<float>(Array.Empty<float>(), [batch, manifest.KvHeadCount, 0, manifest.HeadSize])));
        }

        return raw.Run(inputs);
    }
}
