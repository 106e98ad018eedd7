using System.Diagnostics;
using System.Text.Json;
using SIDReasoner.Core.Bundles;
using SIDReasoner.Core.Items;
using SIDReasoner.Core.SemanticIds;
using SIDReasoner.Core.Text;
using SIDReasoner.Core.Tries;
using SIDReasoner.Export.Bundles;
using SIDReasoner.TestSupport;
using Xunit;

namespace SIDReasoner.Export.Tests.Bundles;

public sealed class BundleExporterTests
{
    [SkippableFact]
    public void Export_Weights_AreLinkedNotCopied()
    {
        Skip.If(OperatingSystem.IsWindows(), "Windows gets a copy.");
        using var checkpoint = RandomCheckpoint.Create("qwen3-tied", seed: 71);
        using var temporary = new TemporaryFolder();

        BundleExporter.Export(new BundleExportOptions { Checkpoint = checkpoint.Folder, Output = temporary["bundle"] });

        Assert.Equal(Inode(Path.Combine(checkpoint.Folder, "model.safetensors")), Inode(temporary["bundle/model.safetensors"]));
    }

    [SkippableFact]
    public void Export_WeightsBehindASymbolicLink_LinksTheirTarget()
    {
        Skip.If(OperatingSystem.IsWindows(), "Symbolic links need a privilege there.");
        using var checkpoint = RandomCheckpoint.Create("qwen3-tied", seed: 72);
        using var temporary = new TemporaryFolder();
        var weights = Path.Combine(checkpoint.Folder, "model.safetensors");
        File.Move(weights, temporary["blob"]);
        File.CreateSymbolicLink(weights, temporary["blob"]);

        BundleExporter.Export(new BundleExportOptions { Checkpoint = checkpoint.Folder, Output = temporary["bundle"] });

        Assert.Null(new FileInfo(temporary["bundle/model.safetensors"]).LinkTarget);
        Assert.Equal(Inode(temporary["blob"]), Inode(temporary["bundle/model.safetensors"]));
    }

    [Fact]
    public void Export_Catalogue_TravelsAsItemsAndTrie()
    {
        using var checkpoint = RandomCheckpoint.Create("qwen3-untied", seed: 73, ragged: true);
        using var temporary = new TemporaryFolder();

        var manifest = BundleExporter.Export(new BundleExportOptions { Checkpoint = checkpoint.Folder, Catalog = checkpoint.CatalogFolder, Output = temporary["bundle"] });

        using var trie = SidTrie.Open(temporary["bundle/catalog.sidtrie"]);
        var catalog = ItemCatalog.Load(temporary["bundle"]);
        Assert.Equal(checkpoint.Catalog.Items.Select(i => i.Sid), catalog.Items.Select(i => i.Sid));
        Assert.Equal(checkpoint.Catalog.Items.Count, manifest.ItemCount);
        Assert.Equal(trie.SidCount, manifest.SidCount);
        Assert.Equal(trie.LevelCount, manifest.Levels);
        Assert.Equal(checkpoint.Vocabulary.TokenIds, manifest.SidTokens!.TokenIds);
        Assert.Equal(Convert.ToHexStringLower(trie.SourceHash), manifest.CatalogHash);
    }

    [Fact]
    public void Export_Manifest_ReadsBackAsWritten()
    {
        using var checkpoint = RandomCheckpoint.Create("qwen3-tied", seed: 74);
        using var temporary = new TemporaryFolder();

        var written = BundleExporter.Export(
            new BundleExportOptions { Checkpoint = checkpoint.Folder, Catalog = checkpoint.CatalogFolder, Output = temporary["bundle"], ReferenceEnd = [3, 2] });
        var read = BundleManifest.Load(temporary["bundle"]);

        Assert.Equivalent(written, read, strict: true);
        var files = Directory.GetFiles(temporary["bundle"]).Select(f => Path.GetFileName(f)!).Where(f => f != BundleManifest.FileName).Order(StringComparer.Ordinal);
        Assert.Equal(files, read.Files.Keys.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Export_TokenizerWithoutManifest_NamesSidTokensAndReferenceEnd()
    {
        using var checkpoint = RandomCheckpoint.Create("qwen3-tied", seed: 75);
        using var temporary = new TemporaryFolder();
        File.Delete(Path.Combine(checkpoint.Folder, "sidreasoner.json"));
        WriteTokenizer(checkpoint);
        new PromptTemplate { User = "{history}", Layout = "{user}", ReplyEnd = "<|end|>" }.Save(checkpoint.Folder);

        var manifest = BundleExporter.Export(new BundleExportOptions { Checkpoint = checkpoint.Folder, Catalog = checkpoint.CatalogFolder, Output = temporary["bundle"] });

        Assert.Equal(checkpoint.Vocabulary.TokenIds, manifest.SidTokens!.TokenIds);
        Assert.Equal(checkpoint.Vocabulary.Tokens, manifest.SidTokens.Texts);
        Assert.Equal([3, 2], manifest.ReferenceEnd);
        Assert.Equal(File.ReadAllText(Path.Combine(checkpoint.Folder, "prompt.json")), File.ReadAllText(temporary["bundle/prompt.json"]));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Export_RoomByDefault_HoldsASearchOfEveryWidth(bool isWide)
    {
        using var checkpoint = RandomCheckpoint.Create("qwen3-tied", seed: 78);
        using var temporary = new TemporaryFolder();
        if (isWide)
        {
            var tokens = checkpoint.Vocabulary.Tokens;
            var sids = tokens.SelectMany(first => tokens.Select(second => SemanticId.Parse(first + second + tokens[0])));
            new ItemCatalog([.. sids.Select((sid, i) => new Item($"{i}", $"item {i}", sid))]).Save(checkpoint.CatalogFolder);
        }

        var manifest = BundleExporter.Export(new BundleExportOptions { Checkpoint = checkpoint.Folder, Catalog = checkpoint.CatalogFolder, Output = temporary["bundle"], Context = 10 });

        using var trie = SidTrie.Open(temporary["bundle/catalog.sidtrie"]);
        var rows = Math.Min(1024, trie.NodeCount(1)) + Math.Min(1024, trie.NodeCount(2));
        Assert.Equal(isWide, rows > 256 * 4);
        Assert.True(manifest.CacheRows >= manifest.Context + rows, $"{manifest.CacheRows} rows; {rows} are needed behind {manifest.Context} tokens.");
        Assert.InRange(manifest.MaxBeams, 256, 1024);
    }

    [Fact]
    public void Export_Again_ReplacesTheOlderBundle()
    {
        using var checkpoint = RandomCheckpoint.Create("qwen3-tied", seed: 76);
        using var temporary = new TemporaryFolder();
        var options = new BundleExportOptions { Checkpoint = checkpoint.Folder, Catalog = checkpoint.CatalogFolder, Output = temporary["bundle"] };
        BundleExporter.Export(options);

        BundleExporter.Export(options with { Catalog = null, Context = 32 });

        Assert.Equal(32, BundleManifest.Load(temporary["bundle"]).Context);
        Assert.False(File.Exists(temporary["bundle/catalog.sidtrie"]));
        Assert.Equal(["bundle"], Directory.GetFileSystemEntries(temporary.Path).Select(Path.GetFileName));
    }

    [Fact]
    public void Export_GenAiConfig_HasOnlyKeysThatGenAiKnows()
    {
        using var checkpoint = RandomCheckpoint.Create("qwen3-tied", seed: 77);
        using var temporary = new TemporaryFolder();
        BundleExporter.Export(new BundleExportOptions { Checkpoint = checkpoint.Folder, Output = temporary["bundle"] });

        using var config = JsonDocument.Parse(File.ReadAllText(temporary["bundle/genai_config.json"]));
        var model = config.RootElement.GetProperty("model");

        Assert.Equal(["model", "search"], config.RootElement.EnumerateObject().Select(p => p.Name));
        Assert.Equal(
            ["type", "vocab_size", "context_length", "bos_token_id", "eos_token_id", "pad_token_id", "decoder"], model.EnumerateObject().Select(p => p.Name));
        Assert.Equal("model.onnx", model.GetProperty("decoder").GetProperty("filename").GetString());
        Assert.False(config.RootElement.GetProperty("search").GetProperty("do_sample").GetBoolean());
        Assert.Equal(512, config.RootElement.GetProperty("search").GetProperty("chunk_size").GetInt32());
        Assert.Equal(BundleManifest.Load(temporary["bundle"]).CacheRows, model.GetProperty("context_length").GetInt32());
    }

    private static void WriteTokenizer(RandomCheckpoint checkpoint)
    {
        var added = checkpoint.Vocabulary.Tokens.Zip(checkpoint.Vocabulary.TokenIds)
            .Select(pair => new { id = pair.Second, content = pair.First })
            .Append(new { id = 2, content = "<|end|>" });
        var tokenizer = new { version = "1.0", added_tokens = added, model = new { type = "BPE", vocab = new Dictionary<string, int> { ["Ċ"] = 3, ["a"] = 4 }, merges = Array.Empty<string>() } };
        File.WriteAllText(Path.Combine(checkpoint.Folder, "tokenizer.json"), JsonSerializer.Serialize(tokenizer));
    }

    private static string Inode(string path)
    {
        using var process = Process.Start(new ProcessStartInfo("stat", ["-c", "%i", path]) { RedirectStandardOutput = true })!;
        var inode = process.StandardOutput.ReadToEnd().Trim();
        process.WaitForExit();
        Assert.NotEmpty(inode);
        return inode;
    }
}
