using SIDReasoner.Decoding;
using SIDReasoner.Decoding.Kernels;
using SIDReasoner.Runtime.Tests.Model;
using SIDReasoner.TestSupport;
using Xunit;

namespace SIDReasoner.Runtime.Tests.Precision;

/// <summary>What every session must do, with 8-bit products: prefill, packed search, rewinding.</summary>
public sealed class Int8DecoderSessionTests : DecoderSessionConformance
{
    /// <summary>A last bit of attention, which depends on how many rows run together, may round an input to the next of 255 codes.</summary>
    protected override float Tolerance => 0.15f;

    /// <summary>The SID head is float32, the text head has 8 bits; these models' logits spread over tens.</summary>
    protected override float HeadTolerance => 0.3f;

    protected override bool RefusesNonFiniteWeights => true;

    /// <summary>Sums that leave float32 in a middle layer, where inputs have a fixed range that would make a number of them.</summary>
    [Theory]
    [InlineData("model.layers.1.self_attn.o_proj.weight")]
    [InlineData("model.layers.1.mlp.down_proj.weight")]
    public void Search_SumsTooLargeInAMiddleLayer_AreNoRanking(string tensor)
    {
        using var checkpoint = RandomCheckpoint.Create("qwen3-untied", seed: 61, change: config => config with { LayerCount = 4 });
        for (var i = 0; i < 200; i++)
            TensorFile.Overwrite(checkpoint.Folder, tensor, i, 3e38f);
        using var source = new OnnxSessionSource(checkpoint.Folder, checkpoint.CatalogFolder, options => options with { Precisions = ["int8"] });
        using var session = source.CreateSession();
        using var trie = checkpoint.Catalog.BuildTrie(checkpoint.Vocabulary);
        session.AppendTokens([1, 5, 9, 30], StepOutputs.SidLogits | StepOutputs.LogSumExp);

        var error = Assert.Throws<InvalidLogitsException>(() =>
            new SidBeamSearch(trie, new ManagedBeamKernel()).Search(session, new SearchOptions { BeamWidth = 8 }, new Hypothesis[8]));

        Assert.Contains("at fault", error.Message, StringComparison.Ordinal);
    }

    protected override ISessionSource Load(string checkpointFolder, string catalogFolder) =>
        new OnnxSessionSource(checkpointFolder, catalogFolder, options => options with { Precisions = ["int8"] });
}
