using SIDReasoner.Core;
using SIDReasoner.Core.Bundles;
using SIDReasoner.Export.Bundles;
using SIDReasoner.TestSupport;
using Xunit;

namespace SIDReasoner.Export.Tests.Bundles;

/// <summary>Bad input: one clear error, and nothing left behind.</summary>
public sealed class BundleExporterErrorTests
{
    [Fact]
    public void Export_MissingCheckpoint_SaysSo() => Refused(o => o with { Checkpoint = o.Checkpoint + "-no" }, "does not exist");

    [Fact]
    public void Export_MissingCatalogue_SaysSo() => Refused(o => o with { Catalog = o.Catalog + "-no" }, "-no");

    [Fact]
    public void Export_OutputEqualToInput_IsRefused() => Refused(o => o with { Output = o.Checkpoint }, "a folder of its own");

    [Fact]
    public void Export_ContextBeyondTheModel_IsRefused() => Refused(o => o with { Context = 100_000 }, "max_position_embeddings");

    [Fact]
    public void Export_NoBeams_IsRefused() => Refused(o => o with { MaxBeams = 0 }, "--max-beams is 0; expected 1 to 1024");

    [Fact]
    public void Export_UnknownPrecision_IsRefused() => Refused(o => o with { Precisions = ["fp8"] }, "'fp8'");

    [Fact]
    public void Export_ReferenceEndOutsideTheVocabulary_IsRefused() => Refused(o => o with { ReferenceEnd = [1, 1_000_000] }, "--reference-end");

    [Fact]
    public void Export_UnknownSidTokens_NamesEachOnce() =>
        Refused(o => o with { SidTokens = BundleSidTokens.Create([40, 41], ["<a_0>", "<a_1>"]) }, "is not among the 2 SID tokens");

    [Fact]
    public void Export_SidTokensOutsideTheVocabulary_IsRefused() =>
        Refused(o => o with { SidTokens = BundleSidTokens.Create([1_000_000], ["<a_0>"]) }, "has id 1000000");

    [Fact]
    public void Export_AdapterFolderMissing_SaysWhatIsExpected() => Refused(o => WithAdapter(o, o.Checkpoint), "adapter_config.json");

    [Fact]
    public void Export_AdapterOfAnotherKind_IsRefusedByTheSetting() =>
        RefusedAdapter(checkpoint => RandomAdapter.Write(checkpoint, "dora", seed: 1, settings: "\"use_dora\": true, \"modules_to_save\": [\"lm_head\"]"), "'use_dora'", "'modules_to_save'");

    [Fact]
    public void Export_AdapterWithAValueThatIsNoNumber_NamesTheLayer() => RefusedAdapter(
        checkpoint =>
        {
            var folder = RandomAdapter.Write(checkpoint, "nan", seed: 1, modules: "v_proj");
            TensorFile.Overwrite(Path.Combine(folder, "adapter_model.safetensors"), "base_model.model.model.layers.1.self_attn.v_proj.lora_B.weight", 3, float.NaN);
            return folder;
        },
        "'model.layers.1.self_attn.v_proj'",
        "finite");

    [Fact]
    public void Export_AdapterOfAnotherShape_NamesLayerAndShapes() => RefusedAdapter(
        checkpoint =>
        {
            using var other = RandomCheckpoint.Create("llama-small-heads", seed: 5);
            return RandomAdapter.Write(other, Path.Combine(checkpoint.Root, "other"), seed: 1, modules: "q_proj");
        },
        "model.layers.0.self_attn.q_proj",
        "needs [r, 32] and [64, r]");

    [Fact]
    public void Export_AdapterWithANameThatIsNoFile_IsRefused() =>
        Refused(o => o with { Adapters = new Dictionary<string, string> { ["../x"] = o.Checkpoint } }, "'../x'");

    [Fact]
    public void Export_WeightsCutShort_IsRefused() => Refused(
        o =>
        {
            var path = Path.Combine(o.Checkpoint, "model.safetensors");
            File.WriteAllBytes(path, File.ReadAllBytes(path)[..^10]);
            return o;
        },
        "model.safetensors");

    [Fact]
    public void Export_NoTokenizerAndNoManifest_SaysWhatToAdd() => Refused(
        o =>
        {
            File.Delete(Path.Combine(o.Checkpoint, "sidreasoner.json"));
            File.Delete(Path.Combine(o.Checkpoint, "tokenizer.json"));
            return o;
        },
        "sid_token_ids");

    [Fact]
    public void Export_TokenizerThatIsNone_IsRefused() => Refused(
        o =>
        {
            File.WriteAllText(Path.Combine(o.Checkpoint, "tokenizer.json"), "{\"model\": 3}");
            return o;
        },
        "tokenizer.json");

    [Fact]
    public void Export_OutputWithForeignFiles_IsRefusedAndLeavesThem()
    {
        using var checkpoint = RandomCheckpoint.Create("qwen3-tied", seed: 81);
        using var temporary = new TemporaryFolder();
        Directory.CreateDirectory(temporary["out"]);
        File.WriteAllText(temporary["out/mine.txt"], "keep");

        var error = Assert.Throws<SidReasonerException>(() => BundleExporter.Export(Options(checkpoint, temporary)));

        Assert.Contains("no bundle to replace", error.Message);
        Assert.Equal("keep", File.ReadAllText(temporary["out/mine.txt"]));
        Assert.Equal(["out"], Directory.GetFileSystemEntries(temporary.Path).Select(Path.GetFileName));
    }

    [Fact]
    public void Export_OutputIsAFile_IsRefused()
    {
        using var checkpoint = RandomCheckpoint.Create("qwen3-tied", seed: 82);
        using var temporary = new TemporaryFolder();
        File.WriteAllText(temporary["out"], "keep");

        Assert.Contains("is a file", Assert.Throws<SidReasonerException>(() => BundleExporter.Export(Options(checkpoint, temporary))).Message);
    }

    [Fact]
    public void Export_FailureOverAnOlderBundle_LeavesThatAsItWas()
    {
        using var checkpoint = RandomCheckpoint.Create("qwen3-tied", seed: 83);
        using var temporary = new TemporaryFolder();
        BundleExporter.Export(Options(checkpoint, temporary));
        var before = File.ReadAllBytes(temporary["out/bundle.json"]);
        File.WriteAllText(Path.Combine(checkpoint.Folder, "prompt.json"), "{ broken");
        File.WriteAllText(Path.Combine(checkpoint.Folder, "generation_config.json"), "{ broken");

        Assert.ThrowsAny<SidReasonerException>(() => BundleExporter.Export(Options(checkpoint, temporary)));

        Assert.Equal(before, File.ReadAllBytes(temporary["out/bundle.json"]));
        Assert.Equal(["out"], Directory.GetFileSystemEntries(temporary.Path).Select(Path.GetFileName));
    }

    private static void Refused(Func<BundleExportOptions, BundleExportOptions> change, string expected)
    {
        using var checkpoint = RandomCheckpoint.Create("qwen3-tied", seed: 84);
        using var temporary = new TemporaryFolder();

        var error = Assert.ThrowsAny<SidReasonerException>(() => BundleExporter.Export(change(Options(checkpoint, temporary))));

        Assert.Contains(expected, error.Message);
        Assert.Empty(Directory.GetFileSystemEntries(temporary.Path));
    }

    private static void RefusedAdapter(Func<RandomCheckpoint, string> write, params string[] expected)
    {
        using var checkpoint = RandomCheckpoint.Create("qwen3-tied", seed: 85);
        using var temporary = new TemporaryFolder();
        var adapter = write(checkpoint);

        var error = Assert.ThrowsAny<SidReasonerException>(() => BundleExporter.Export(WithAdapter(Options(checkpoint, temporary), adapter)));

        Assert.All(expected, text => Assert.Contains(text, error.Message));
        Assert.Empty(Directory.GetFileSystemEntries(temporary.Path));
    }

    private static BundleExportOptions WithAdapter(BundleExportOptions options, string folder) =>
        options with { Adapters = new Dictionary<string, string> { ["tuned"] = folder } };

    private static BundleExportOptions Options(RandomCheckpoint checkpoint, TemporaryFolder temporary) =>
        new() { Checkpoint = checkpoint.Folder, Catalog = checkpoint.CatalogFolder, Output = temporary["out"] };
}
