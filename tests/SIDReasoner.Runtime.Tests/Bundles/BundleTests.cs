using SIDReasoner.Core;
using SIDReasoner.Core.Bundles;
using SIDReasoner.Runtime.Bundles;
using SIDReasoner.Runtime.Tests.Model;
using SIDReasoner.TestSupport;
using Xunit;

namespace SIDReasoner.Runtime.Tests.Bundles;

public sealed class BundleTests
{
    [Fact]
    public void Open_AnotherVersion_ShowsBoth()
    {
        using var checkpoint = RandomCheckpoint.Create("qwen3-tied", seed: 41);
        using var source = new OnnxSessionSource(checkpoint.Folder, checkpoint.CatalogFolder);
        Edit(source, BundleManifest.FileName, text => text.Replace("\"version\": 1", "\"version\": 2"));

        var error = Assert.Throws<InvalidFileException>(() => Bundle.Open(source.Bundle.Path));

        Assert.Contains("'version' is 2", error.Message);
        Assert.Contains("version 1", error.Message);
    }

    [Theory]
    [InlineData("config.json")]
    [InlineData("items.jsonl")]
    [InlineData("genai_config.json")]
    [InlineData("sidreasoner.json")]
    public void Open_FileOfTheSameLengthChanged_ShowsBothHashes(string file)
    {
        using var checkpoint = RandomCheckpoint.Create("qwen3-tied", seed: 42);
        using var source = new OnnxSessionSource(checkpoint.Folder, checkpoint.CatalogFolder);
        Edit(source, file, text => text[..^1] + " ");

        var error = Assert.Throws<InvalidFileException>(() => Bundle.Open(source.Bundle.Path));

        Assert.Contains(file, error.Message);
        Assert.Contains(source.Bundle.Manifest.Files[file].Sha256, error.Message);
    }

    [Theory]
    [InlineData("model.safetensors")]
    [InlineData("catalog.sidtrie")]
    [InlineData("model.onnx")]
    [InlineData("rotary.bin")]
    public void Open_FileCutShort_ShowsBothSizes(string file)
    {
        using var checkpoint = RandomCheckpoint.Create("qwen3-tied", seed: 43);
        using var source = new OnnxSessionSource(checkpoint.Folder, checkpoint.CatalogFolder);
        var path = source.Bundle.FilePath(file);
        var bytes = File.ReadAllBytes(path);
        File.Delete(path);
        File.WriteAllBytes(path, bytes[..^3]);

        var error = Assert.Throws<InvalidFileException>(() => Bundle.Open(source.Bundle.Path));

        Assert.Contains($"'{file}' has {bytes.Length - 3} bytes", error.Message);
        Assert.Contains($"says {bytes.Length}", error.Message);
    }

    [Fact]
    public void Open_SeveralFilesMissing_NamesThemAll()
    {
        using var checkpoint = RandomCheckpoint.Create("qwen3-tied", seed: 44);
        using var source = new OnnxSessionSource(checkpoint.Folder, checkpoint.CatalogFolder);
        File.Delete(source.Bundle.FilePath("items.jsonl"));
        File.Delete(source.Bundle.FilePath("config.json"));

        var error = Assert.Throws<InvalidFileException>(() => Bundle.Open(source.Bundle.Path));

        Assert.Equal(2, error.Problems.Count);
    }

    [Fact]
    public void Open_SettingsThatDisagreeWithConfig_ShowsBoth()
    {
        using var checkpoint = RandomCheckpoint.Create("qwen3-tied", seed: 45);
        using var source = new OnnxSessionSource(checkpoint.Folder, checkpoint.CatalogFolder);
        Edit(source, BundleManifest.FileName, text => text.Replace("\"kv_head_count\": 2", "\"kv_head_count\": 4"));

        Assert.Contains("'kv_head_count' is 4; config.json says 2", Assert.Throws<InvalidFileException>(() => Bundle.Open(source.Bundle.Path)).Message);
    }

    [Fact]
    public void Open_NoBundle_SaysHowToMakeOne()
    {
        var folder = Directory.CreateTempSubdirectory("sidr-empty-").FullName;

        Assert.Contains("sidr-export", Assert.Throws<SidReasonerException>(() => Bundle.Open(folder)).Message);
        Assert.Contains("does not exist", Assert.Throws<SidReasonerException>(() => Bundle.Open(Path.Combine(folder, "no"))).Message);
        Directory.Delete(folder);
    }

    private static void Edit(OnnxSessionSource source, string file, Func<string, string> change)
    {
        var path = source.Bundle.FilePath(file);
        var text = File.ReadAllText(path);
        var changed = change(text);
        Assert.NotEqual(text, changed);
        File.Delete(path);
        File.WriteAllText(path, changed);
    }
}
