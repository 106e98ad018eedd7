using System.Text.Json;
using SIDReasoner.TestSupport;
using Xunit;

namespace SIDReasoner.EndToEnd.Tests;

/// <summary>Models that the product does not serve, and prompts that do not fit: exit code 2, one clear message, nothing left behind.</summary>
public sealed class BadModelTests : IDisposable
{
    private readonly RandomCheckpoint _checkpoint = RandomCheckpoint.CreateTalking(seed: 13);

    private string Bundle => Path.Combine(_checkpoint.Root, "bundle");

    [Theory]
    [InlineData("\"model_type\": \"qwen3\"", "\"model_type\": \"mamba\"", "'mamba'", "'qwen3', 'qwen2' or 'llama'")]
    [InlineData("\"rope_type\": \"default\"", "\"rope_type\": \"yarn\"", "rope scaling of type 'yarn' is not supported", "'default' or 'llama3'")]
    [InlineData("\"hidden_act\": \"silu\"", "\"hidden_act\": \"gelu\"", "'hidden_act' is 'gelu'", "'silu'")]
    [InlineData("\"use_sliding_window\": false", "\"use_sliding_window\": true", "'use_sliding_window'", "full attention")]
    [InlineData("\"tie_word_embeddings\": true", "\"tie_word_embeddings\": false", "lm_head.weight", "")]
    public void Export_SettingThatIsNotImplemented_NamesIt(string known, string unknown, string found, string expected)
    {
        Change("config.json", known, unknown);

        AssertRefused(Export(), found, expected);
        Assert.False(Directory.Exists(Bundle));
    }

    [Fact]
    public void Export_TemplateWithoutAHistorySlot_NamesFieldAndSlot()
    {
        Change("prompt.json", "Bought: {history}\"", "Bought: nothing\"");

        AssertRefused(Export(), "'user' is 'Bought: nothing'", "'{history}'");
        Assert.False(Directory.Exists(Bundle));
    }

    [Fact]
    public void Recommend_HistoryLongerThanTheContext_LeavesOutItsOldestAndSaysSoOrIsRefused()
    {
        Change("prompt.json", "\"history_max_items\": 10", "\"history_max_items\": 100");
        HostProcess.Succeed(Export("--context", "200"));
        string history = string.Join(',', Enumerable.Range(0, 60));

        using JsonDocument answer = JsonDocument.Parse(HostProcess.Succeed(HostProcess.Sidr("recommend", "--bundle", Bundle, "--history", history, "--json")));
        int dropped = answer.RootElement.GetProperty("dropped_items").GetInt32();
        string shorter = HostProcess.Succeed(HostProcess.Sidr("recommend", "--bundle", Bundle, "--history", string.Join(',', Enumerable.Range(dropped, 60 - dropped)), "--json"));

        Assert.InRange(dropped, 1, 59);
        using JsonDocument expected = JsonDocument.Parse(shorter);
        Assert.False(expected.RootElement.TryGetProperty("dropped_items", out _));
        Assert.Equal(expected.RootElement.GetProperty("items").ToString(), answer.RootElement.GetProperty("items").ToString());
        AssertRefused(HostProcess.Sidr("recommend", "--bundle", Bundle, "--history", history, "--whole-history"), "the bundle takes at most 200");
        AssertRefused(HostProcess.Sidr("recommend", "--bundle", Bundle, "--prompt-ids", string.Join(',', Enumerable.Repeat(5, 201))), "201 tokens", "at most 200");
    }

    [Fact]
    public void Recommend_NegativeBudget_IsRefusedAndZeroClosesAtOnce()
    {
        HostProcess.Succeed(Export());

        AssertRefused(HostProcess.Sidr("recommend", "--bundle", Bundle, "--history", "0", "--think", "--budget", "-1"), "-1");
        using JsonDocument answer = JsonDocument.Parse(HostProcess.Succeed(HostProcess.Sidr("recommend", "--bundle", Bundle, "--history", "0", "--think", "--budget", "0", "--json")));

        JsonElement thinking = answer.RootElement.GetProperty("thinking");
        Assert.Equal(0, thinking.GetProperty("token_ids").GetArrayLength());
    }

    [Theory]
    [InlineData("onnxruntime")]
    [InlineData("genai")]
    public void Recommend_WeightsThatAreNoNumbers_NamesTheLayersInput(string engine)
    {
        TensorFile.Overwrite(_checkpoint.Folder, "model.layers.0.mlp.down_proj.weight", 7, float.NaN);
        HostProcess.Succeed(Export());

        AssertRefused(HostProcess.Sidr("recommend", "--bundle", Bundle, "--history", "0", "--engine", engine), "The model gave NaN", "The input of layer 1 is at fault");
        AssertRefused(HostProcess.Sidr("generate", "--bundle", Bundle, "--prompt", "Bought", "--engine", engine), "The model gave NaN", "The input of layer 1 is at fault");
    }

    /// <inheritdoc/>
    public void Dispose() => _checkpoint.Dispose();

    private HostResult Export(params string[] options) =>
        HostProcess.Export(["--checkpoint", _checkpoint.Folder, "--catalog", _checkpoint.CatalogFolder, "--out", Bundle, .. options]);

    private void Change(string file, string from, string to)
    {
        string path = Path.Combine(_checkpoint.Folder, file), text = File.ReadAllText(path);
        Assert.Contains(from, text, StringComparison.Ordinal);
        File.WriteAllText(path, text.Replace(from, to, StringComparison.Ordinal));
    }

    private static void AssertRefused(HostResult result, params string[] expected)
    {
        Assert.True(result.ExitCode == 2, $"exit code {result.ExitCode}\n{result.Output}\n{result.Error}");
        Assert.DoesNotContain("   at ", result.Error, StringComparison.Ordinal);
        Assert.Contains("error:", result.Error, StringComparison.Ordinal);
        Assert.All(expected, text => Assert.Contains(text, result.Error, StringComparison.Ordinal));
    }
}
