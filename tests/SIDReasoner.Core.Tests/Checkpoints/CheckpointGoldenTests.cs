using SIDReasoner.Core.Checkpoints;
using SIDReasoner.Core.Configuration;
using SIDReasoner.TestSupport;
using Xunit;

namespace SIDReasoner.Core.Tests.Checkpoints;

public class CheckpointGoldenTests
{
    public static TheoryData<string> GoldenModels => GoldenCases.Folders("hf/models/*");

    public static TheoryData<string> DataModels
    {
        get
        {
            var rows = new TheoryData<string>();
            IEnumerable<object[]> all = GoldenCases.DataFolders("models/*");
            foreach (var folder in all.Select(row => (string)row[0]).Where(IsDecoder).DefaultIfEmpty(GoldenCases.Absent))
                rows.Add(folder);
            return rows;
        }
    }

    [SkippableTheory]
    [MemberData(nameof(GoldenModels))]
    public void Open_GoldenModel_ConfigAndWeightsAgree(string folder) => OpenAndCheck(GoldenCases.Require(folder));

    [SkippableTheory]
    [MemberData(nameof(DataModels))]
    public void Open_SharedModel_ConfigAndWeightsAgree(string folder) => OpenAndCheck(GoldenCases.RequireData(folder));

    [SkippableTheory]
    [MemberData(nameof(GoldenModels))]
    public void Load_BothStylesOfConfig_SameModel(string folder)
    {
        var path = GoldenCases.Require(folder);
        var old = Path.Combine(path, "config.v4.json");
        Skip.IfNot(File.Exists(old), $"'{folder}' has no config.v4.json.");

        var config = ModelConfig.Load(Path.Combine(path, "config.json"));

        Assert.Equal(config, ModelConfig.Load(old));
    }

    [SkippableTheory]
    [MemberData(nameof(GoldenModels))]
    public void Save_EveryModel_LoadsAgainAndWeightsKeepTheirBytes(string folder)
    {
        using var temporary = new TempFolder();
        using var checkpoint = CheckpointFolder.Open(GoldenCases.Require(folder));

        checkpoint.Config.Save(temporary.File("config.json"));
        SafetensorsWriter.Write(
            temporary.File("model.safetensors"),
            [.. checkpoint.Weights.Tensors.Values.Select(tensor => new TensorData(tensor.Name, tensor.DType, tensor.Shape, checkpoint.Weights.Bytes(tensor.Name).ToArray()))],
            checkpoint.Weights.Metadata);

        using var copy = CheckpointFolder.Open(temporary.Root);
        Assert.Equal(checkpoint.Config, copy.Config);
        foreach (var name in checkpoint.Weights.Tensors.Keys)
            Assert.True(checkpoint.Weights.Bytes(name).SequenceEqual(copy.Weights.Bytes(name)), name);
        if (checkpoint.Weights.Files.Count == 1)
            Assert.Equal(File.ReadAllBytes(checkpoint.Weights.Files[0]), File.ReadAllBytes(temporary.File("model.safetensors")));
    }

    private static bool IsDecoder(string folder) =>
        folder != GoldenCases.Absent
        && File.Exists(Path.Combine(GoldenCases.DataRoot, folder, "config.json"))
        && File.Exists(Path.Combine(GoldenCases.DataRoot, folder, "model.safetensors"));

    private static void OpenAndCheck(string path)
    {
        using var checkpoint = CheckpointFolder.Open(path);
        var generation = GenerationConfig.TryLoad(path);

        foreach (var (name, shape) in WeightLayout.Tensors(checkpoint.Config))
        {
            Assert.Equal(shape, checkpoint.Weights.Tensors[name].Shape);
            var values = checkpoint.Weights.ReadFloats(name);
            Assert.All(values.Take(64), value => Assert.True(float.IsFinite(value)));
            Assert.Contains(values, value => value != 0);
        }

        Assert.Equal(checkpoint.Config.HeadSize / 2, checkpoint.Config.RotaryInverseFrequencies().Length);
        Assert.All(generation?.EosTokenIds ?? [], id => Assert.InRange(id, 0, checkpoint.Config.VocabSize - 1));
        Assert.Null(checkpoint.Manifest);
    }
}
