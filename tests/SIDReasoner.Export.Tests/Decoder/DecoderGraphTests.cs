using Onnx;
using SIDReasoner.Core.Checkpoints;
using SIDReasoner.Export.Bundles;
using SIDReasoner.TestSupport;
using Xunit;

namespace SIDReasoner.Export.Tests.Decoder;

/// <summary>What the graph holds, and where its weights lie.</summary>
public sealed class DecoderGraphTests
{
    public static TheoryData<string> Models => GoldenCases.Folders("hf/models/*");

    [SkippableTheory]
    [MemberData(nameof(Models))]
    public void Export_Weights_AreTheCheckpointsOwnBytes(string folder)
    {
        var checkpoint = GoldenCases.Require(folder);
        using var temporary = new TemporaryFolder();
        BundleExporter.Export(new BundleExportOptions { Checkpoint = checkpoint, Output = temporary["bundle"] });
        var model = ModelProto.Parser.ParseFrom(File.ReadAllBytes(temporary["bundle/model.onnx"]));
        using var weights = SafetensorsReader.Open(checkpoint);

        foreach (var file in weights.Files)
            Assert.Equal(File.ReadAllBytes(file), File.ReadAllBytes(Path.Combine(temporary["bundle"], Path.GetFileName(file))));
        // Neighbours in the file may be one matrix, named after both.
        var named = model.Graph.Initializer.Select(t => (Tensor: t, Names: t.Name.Split('+'))).Where(pair => pair.Names.All(weights.Tensors.ContainsKey)).ToList();
        Assert.Equal(WeightLayout.Tensors(CheckpointConfig(checkpoint)).Count(), named.Sum(pair => pair.Names.Length));
        foreach (var (tensor, parts) in named)
        {
            var place = tensor.ExternalData.ToDictionary(e => e.Key, e => e.Value);
            using var stream = File.OpenRead(Path.Combine(temporary["bundle"], place["location"]));
            stream.Position = long.Parse(place["offset"]);
            var bytes = new byte[long.Parse(place["length"])];
            stream.ReadExactly(bytes);
            Assert.True(parts.SelectMany(name => weights.Bytes(name).ToArray()).SequenceEqual(bytes), tensor.Name);
        }
    }

    [SkippableTheory]
    [MemberData(nameof(Models))]
    public void Export_Graph_IsSmallAndHasNoWeightInside(string folder)
    {
        using var temporary = new TemporaryFolder();
        BundleExporter.Export(new BundleExportOptions { Checkpoint = GoldenCases.Require(folder), Output = temporary["bundle"] });

        var model = ModelProto.Parser.ParseFrom(File.ReadAllBytes(temporary["bundle/model.onnx"]));

        Assert.InRange(new FileInfo(temporary["bundle/model.onnx"]).Length, 1, 200_000);
        Assert.All(model.Graph.Initializer.Where(t => t.DataLocation != TensorProto.Types.DataLocation.External), t => Assert.InRange(t.RawData.Length, 1, 72));
        Assert.Equal(10, model.IrVersion);
        Assert.Contains(model.OpsetImport, o => o is { Domain: "", Version: 21 });
        var names = model.Graph.Node.SelectMany(n => n.Output).Where(n => n.Length > 0).ToList();
        Assert.Equal(names.Count, names.Distinct().Count());
    }

    [Theory]
    [InlineData("llama-small-heads", 0, 4)]
    [InlineData("qwen3-tied", 1, 0)]
    public void Export_HeadSize_DecidesWhereRotationHappens(string variant, int rotaryAttribute, int rotaryNodes)
    {
        using var checkpoint = RandomCheckpoint.Create(variant, seed: 61);
        using var temporary = new TemporaryFolder();
        BundleExporter.Export(new BundleExportOptions { Checkpoint = checkpoint.Folder, Output = temporary["bundle"] });

        var nodes = ModelProto.Parser.ParseFrom(File.ReadAllBytes(temporary["bundle/model.onnx"])).Graph.Node;

        Assert.All(nodes.Where(n => n.OpType == "GroupQueryAttention"), n => Assert.Equal(rotaryAttribute, n.Attribute.Single(a => a.Name == "do_rotary").I));
        Assert.Equal(rotaryNodes, nodes.Count(n => n.OpType == "RotaryEmbedding"));
    }

    [Fact]
    public void Export_RotaryTables_HoldEveryRowOfTheCache()
    {
        using var checkpoint = RandomCheckpoint.Create("llama3-scaled", seed: 62);
        using var temporary = new TemporaryFolder();
        var manifest = BundleExporter.Export(
            new BundleExportOptions { Checkpoint = checkpoint.Folder, Catalog = checkpoint.CatalogFolder, Output = temporary["bundle"], Context = 100, MaxBeams = 7 });

        Assert.Equal(100 + 7 * 4, manifest.CacheRows);
        var bytes = File.ReadAllBytes(temporary["bundle/rotary.bin"]);
        var frequencies = checkpoint.Config.RotaryInverseFrequencies();
        Assert.Equal(2 * manifest.CacheRows * frequencies.Length * sizeof(float), bytes.Length);
        var row = manifest.CacheRows - 1;
        var sin = BitConverter.ToSingle(bytes, (manifest.CacheRows * frequencies.Length + row * frequencies.Length + 1) * sizeof(float));
        Assert.Equal(MathF.Sin(row * frequencies[1]), sin, 1e-6f);
    }

    private static Core.Configuration.ModelConfig CheckpointConfig(string folder) => Core.Configuration.ModelConfig.Load(Path.Combine(folder, "config.json"));
}
