using SIDReasoner.Core.Checkpoints;
using SIDReasoner.Core.Configuration;
using Xunit;

namespace SIDReasoner.Core.Tests.Checkpoints;

public class CheckpointFolderTests
{
    private static readonly ModelConfig Config = new()
    {
        Architecture = DecoderArchitecture.Qwen3,
        VocabSize = 11,
        HiddenSize = 8,
        IntermediateSize = 12,
        LayerCount = 2,
        HeadCount = 2,
        KvHeadCount = 1,
        HeadSize = 4,
        MaxPositions = 32,
        HasQkNorm = true,
        TiesEmbeddings = true,
    };

    [Theory]
    [InlineData(DecoderArchitecture.Qwen3, false)]
    [InlineData(DecoderArchitecture.Qwen2, true)]
    [InlineData(DecoderArchitecture.Llama, true)]
    public void Open_WhatWasWritten_ConfigManifestAndWeights(DecoderArchitecture architecture, bool biases)
    {
        using var folder = new TempFolder();
        var config = Config with
        {
            Architecture = architecture,
            HasQkNorm = architecture == DecoderArchitecture.Qwen3,
            HasQkvBias = biases,
            HasOutputBias = biases && architecture == DecoderArchitecture.Llama,
            HasMlpBias = biases && architecture == DecoderArchitecture.Llama,
            TiesEmbeddings = !biases,
        };
        WriteFolder(folder, config, WeightLayout.Tensors(config));
        new CheckpointManifest
        {
            Stage = "alignment",
            DataHashes = new Dictionary<string, string> { ["train.csv"] = "ab" },
            SidTokenIds = [3, 4],
            SidTokens = ["<a_1>", "<a_2>"],
            Metrics = new Dictionary<string, double> { ["valid.hr@10"] = 0.125 },
        }.Save(folder.Root);

        using var checkpoint = CheckpointFolder.Open(folder.Root);

        Assert.Equal(config, checkpoint.Config);
        Assert.Equal("alignment", checkpoint.Manifest!.Stage);
        Assert.Equal("ab", checkpoint.Manifest.DataHashes["train.csv"]);
        Assert.Equal([3, 4], checkpoint.Manifest.SidTokenIds);
        Assert.Equal(["<a_1>", "<a_2>"], checkpoint.Manifest.SidTokens);
        Assert.Equal(0.125, checkpoint.Manifest.Metrics["valid.hr@10"]);
    }

    [Fact]
    public void Open_WeightsThatDisagree_EveryTensorReported()
    {
        using var folder = new TempFolder();
        var tensors = WeightLayout.Tensors(Config).Where(tensor => tensor.Name != "model.norm.weight")
            .Select(tensor => tensor.Name == "model.layers.1.mlp.up_proj.weight" ? (tensor.Name, (IReadOnlyList<long>)[12L, 9L]) : tensor)
            .Append(("model.layers.2.mlp.up_proj.weight", [12L, 8L])).Append(("lm_head.weight", [11L, 7L])).Append(("model.layers.0.self_attn.rotary_emb.inv_freq", [2L]));
        WriteFolder(folder, Config, tensors);

        var error = Assert.Throws<InvalidFileException>(() => CheckpointFolder.Open(folder.Root));

        Assert.Equal(4, error.Problems.Count);
        Assert.Contains("tensor 'model.norm.weight' [8] is missing, which config.json asks for", error.Message);
        Assert.Contains("tensor 'model.layers.1.mlp.up_proj.weight' is [12, 9]; config.json asks for [12, 8]", error.Message);
        Assert.Contains("tensor 'model.layers.2.mlp.up_proj.weight' [12, 8] is none that config.json asks for", error.Message);
        Assert.Contains("tensor 'lm_head.weight' is [11, 7]; config.json asks for [11, 8]", error.Message);
    }

    [Fact]
    public void Open_WholeNumberWeights_Refused()
    {
        using var folder = new TempFolder();
        Config.Save(folder.File("config.json"));
        SafetensorsWriter.Write(folder.File("model.safetensors"), [.. WeightLayout.Tensors(Config).Select(tensor =>
            new TensorData(tensor.Name, TensorDType.I8, tensor.Shape, new byte[tensor.Shape.Aggregate(1L, (a, b) => a * b)]))]);

        var error = Assert.Throws<InvalidFileException>(() => CheckpointFolder.Open(folder.Root));

        Assert.Contains("is I8; expected F32, F16 or BF16", error.Message);
    }

    [Fact]
    public void Open_SeveralBrokenFiles_AllReported()
    {
        using var folder = new TempFolder();
        folder.Write("config.json", """{"model_type":"qwen3","vocab_size":0}""");
        folder.Write("model.safetensors", [1, 2, 3]);
        folder.Write("sidreasoner.json", """{"version":2}""");

        var error = Assert.Throws<InvalidFileException>(() => CheckpointFolder.Open(folder.Root));

        Assert.Contains("config.json: 'vocab_size' is 0", error.Message);
        Assert.Contains("model.safetensors: 3 bytes long", error.Message);
        Assert.Contains("sidreasoner.json: 'version' is 2; this program reads version 1", error.Message);
    }

    [Fact]
    public void Open_MissingFolderOrFiles_SaysWhich()
    {
        using var folder = new TempFolder();

        Assert.Contains("does not exist", Assert.Throws<SidReasonerException>(() => CheckpointFolder.Open(folder.File("absent"))).Message);
        var error = Assert.Throws<InvalidFileException>(() => CheckpointFolder.Open(folder.Root));
        Assert.Contains("config.json", error.Problems[0]);
        Assert.Contains("holds no weights", error.Problems[1]);
    }

    [Fact]
    public void Open_ManifestIdOutsideVocabulary_Refused()
    {
        using var folder = new TempFolder();
        WriteFolder(folder, Config, WeightLayout.Tensors(Config));
        new CheckpointManifest { SidTokenIds = [11], SidTokens = ["<a_1>"] }.Save(folder.Root);

        var error = Assert.Throws<InvalidFileException>(() => CheckpointFolder.Open(folder.Root));

        Assert.Contains("SID token id 11 is outside the vocabulary of 11", error.Message);
    }

    [Theory]
    [InlineData("""{"version":1,"sid_token_ids":[1,1],"sid_tokens":["<a_1>","<a_2>"]}""", "not strictly ascending")]
    [InlineData("""{"version":1,"sid_token_ids":[1],"sid_tokens":[]}""", "'sid_tokens' has 0 entries and 'sid_token_ids' 1")]
    [InlineData("""{"version":1,"sid_token_ids":[1.5],"sid_tokens":["<a_1>"]}""", "'sid_token_ids' holds 1.5")]
    [InlineData("""{"version":1,"metrics":{"a":"b"}}""", "'metrics.a' is a string; expected a number")]
    [InlineData("""{"version":1,"data_hashes":[]}""", "'data_hashes' is an array; expected an object")]
    [InlineData("""{"version":1,"sid_tokens":7}""", "'sid_tokens' is a number")]
    [InlineData("""{}""", "'version' is missing")]
    [InlineData("""{"version":1""", "not valid JSON")]
    public void TryLoad_BadManifest_SaysWhat(string text, string expected)
    {
        using var folder = new TempFolder();
        folder.Write("sidreasoner.json", text);

        Assert.Contains(expected, Assert.Throws<InvalidFileException>(() => CheckpointManifest.TryLoad(folder.Root)).Message);
    }

    private static void WriteFolder(TempFolder folder, ModelConfig config, IEnumerable<(string Name, IReadOnlyList<long> Shape)> tensors)
    {
        config.Save(folder.File("config.json"));
        SafetensorsWriter.Write(folder.File("model.safetensors"), [.. tensors.Select(tensor =>
            TensorData.FromFloats(tensor.Name, tensor.Shape, new float[tensor.Shape.Aggregate(1L, (a, b) => a * b)]))]);
    }
}
