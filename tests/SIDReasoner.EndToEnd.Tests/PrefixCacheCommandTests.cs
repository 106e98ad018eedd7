using System.Text.Json;
using Xunit;

namespace SIDReasoner.EndToEnd.Tests;

public sealed class PrefixCacheCommandTests(TinyBundle tiny) : IClassFixture<TinyBundle>
{
    [Theory]
    [InlineData("onnxruntime", true)]
    [InlineData("genai", false)]
    public void Recommend_FileOfReturningUsersWithAPrefixCache_GivesTheSameListsAndSaysWhatItKnew(string engine, bool usersTakeTurns)
    {
        // GenAI keeps a generator a parallel request, two here: were four users to take turns, chance alone would bring a user back to their own.
        string folder = tiny.NewFolder();
        string input = Path.Combine(folder, "in.jsonl");
        File.WriteAllLines(input, Enumerable.Range(0, 40).Select(i =>
        {
            (int user, int visit) = usersTakeTurns ? (i % 4, i / 4) : (i / 10, i % 10);
            return $$"""{"id": {{i}}, "history": [{{string.Join(", ", Enumerable.Range(0, 2 + visit).Select(j => ((user * 31) + (j * 7)) % 100))}}]}""";
        }));

        JsonElement[] cold = Run("0"), warm = Run("16");

        Assert.Equal(cold.Select(Sids), warm.Select(Sids));
        Assert.All(cold, answer => Assert.False(answer.TryGetProperty("prefix_tokens", out _)));
        Assert.InRange(warm.Count(answer => answer.TryGetProperty("prefix_tokens", out JsonElement known) && known.GetInt32() > 1), 20, 39);

        JsonElement[] Run(string megabytes)
        {
            string output = Path.Combine(folder, $"{megabytes}.jsonl");
            HostProcess.Succeed(HostProcess.Sidr("recommend", "--bundle", tiny.Bundle, "--input", input, "--output", output, "--engine", engine, "--parallel", "2", "--prefix-cache", megabytes));
            return [.. File.ReadAllLines(output).Select(line => JsonDocument.Parse(line).RootElement)];
        }
    }

    [Fact]
    public void Evaluate_PrefixCache_CountsWhatItKnewAndFindsTheSame()
    {
        string data = Path.Combine(tiny.NewFolder(), "test.csv");
        File.WriteAllLines(data, ["user_id,history_item_id,item_id", .. Enumerable.Range(0, 30).Select(i => $"u{i},\"[5, 6, {i}]\",{i + 2}")]);

        JsonElement cold = Run(), warm = Run("--prefix-cache", "16");

        Assert.Equal(0, cold.GetProperty("prefix_tokens").GetInt64());
        Assert.InRange(warm.GetProperty("prefix_tokens").GetInt64(), 28 * 7, warm.GetProperty("prompt_tokens").GetInt64() - 30);
        Assert.Equal(cold.GetProperty("sid").GetRawText(), warm.GetProperty("sid").GetRawText());

        JsonElement Run(params string[] more) => JsonDocument.Parse(HostProcess.Succeed(
            HostProcess.Sidr(["evaluate", "--bundle", tiny.Bundle, "--data", data, "--beams", "10", "--json", .. more]))).RootElement;
    }

    [Fact]
    public void Recommend_NegativePrefixCache_NamesTheOption()
    {
        HostResult result = HostProcess.Sidr("recommend", "--bundle", tiny.Bundle, "--history", "0", "--prefix-cache", "-1");

        Assert.Equal(2, result.ExitCode);
        Assert.Contains("--prefix-cache is -1; expected 0 to", result.Error, StringComparison.Ordinal);
        Assert.Single(result.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    private static string Sids(JsonElement answer) => string.Join(' ', answer.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("sid").GetString()));
}
