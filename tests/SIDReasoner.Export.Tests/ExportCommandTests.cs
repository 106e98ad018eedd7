using System.Text.Json;
using SIDReasoner.TestSupport;
using Xunit;

namespace SIDReasoner.Export.Tests;

public sealed class ExportCommandTests
{
    [Fact]
    public async Task RunAsync_GoodInput_WritesTheBundleAndSaysWhat()
    {
        using var checkpoint = RandomCheckpoint.Create("qwen3-tied", seed: 91);
        using var temporary = new TemporaryFolder();

        var (code, output, errors) = await Run(
            "--checkpoint", checkpoint.Folder, "--catalog", checkpoint.CatalogFolder, "--out", temporary["bundle"], "--context", "64", "--max-beams", "8", "--reference-end", "3,2");

        Assert.Equal((0, ""), (code, errors));
        Assert.Contains($"{checkpoint.Catalog.Items.Count} items", output);
        Assert.Contains("context 64, 8 beams, fp32", output);
    }

    [Fact]
    public async Task RunAsync_Json_IsOneObject()
    {
        using var checkpoint = RandomCheckpoint.Create("qwen3-tied", seed: 92);
        using var temporary = new TemporaryFolder();

        var (code, output, _) = await Run("--checkpoint", checkpoint.Folder, "--out", temporary["bundle"], "--json");

        Assert.Equal(0, code);
        using var json = JsonDocument.Parse(output);
        Assert.Equal("qwen3", json.RootElement.GetProperty("architecture").GetString());
        Assert.Equal(0, json.RootElement.GetProperty("items").GetInt32());
    }

    [Theory]
    [InlineData("--reference-end", "1;2", "expected two token ids")]
    [InlineData("--reference-end", "1", "expected two token ids")]
    [InlineData("--precision", "int3", "'int3'")]
    [InlineData("--max-beams", "many", "many")]
    [InlineData("--nonsense", "1", "--nonsense")]
    public async Task RunAsync_BadOption_IsOneMessageAndExitCodeTwo(string option, string value, string expected)
    {
        using var checkpoint = RandomCheckpoint.Create("qwen3-tied", seed: 93);
        using var temporary = new TemporaryFolder();

        var (code, output, errors) = await Run("--checkpoint", checkpoint.Folder, "--out", temporary["bundle"], option, value);

        Assert.Equal(2, code);
        Assert.Empty(output);
        Assert.Contains(expected, errors);
        Assert.Single(errors.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.Empty(Directory.GetFileSystemEntries(temporary.Path));
    }

    [Fact]
    public async Task RunAsync_WithoutCheckpoint_NamesTheOption()
    {
        var (code, _, errors) = await Run("--out", "somewhere");

        Assert.Equal(2, code);
        Assert.Contains("--checkpoint", errors);
    }

    [Fact]
    public async Task RunAsync_Help_Teaches()
    {
        var (code, output, _) = await Run("--help");

        Assert.Equal(0, code);
        Assert.Contains("Examples:", output);
        Assert.Contains("Exit codes:", output);
    }

    private static async Task<(int Code, string Output, string Errors)> Run(params string[] args)
    {
        using var output = new StringWriter();
        using var errors = new StringWriter();
        var code = await ExportCommand.RunAsync(args, output, errors);
        return (code, output.ToString(), errors.ToString());
    }
}
