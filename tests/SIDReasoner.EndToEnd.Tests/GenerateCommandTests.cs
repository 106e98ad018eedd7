using System.Text.Json;
using Xunit;

namespace SIDReasoner.EndToEnd.Tests;

/// <summary>Thinking and text from the command line.</summary>
[Trait("Category", "Slow")]
public sealed class GenerateCommandTests(TalkingBundle talking) : IClassFixture<TalkingBundle>
{
    private static readonly string[] s_thinkingFields = ["text", "token_ids", "closed"];

    [Fact]
    public void Recommend_Think_ShowsTheThoughtAboveTheList()
    {
        string[] arguments = ["recommend", "--bundle", talking.Bundle, "--history", "1,2", "--k", "3", "--think", "--budget", "12", "--sample", "--seed", "4"];

        string shown = HostProcess.Succeed(HostProcess.Sidr(arguments));
        using JsonDocument answer = JsonDocument.Parse(HostProcess.Succeed(HostProcess.Sidr([.. arguments, "--json"])));

        JsonElement thinking = answer.RootElement.GetProperty("thinking");
        Assert.Equal(s_thinkingFields, thinking.EnumerateObject().Select(field => field.Name));
        Assert.InRange(thinking.GetProperty("token_ids").GetArrayLength(), 1, 12);
        Assert.StartsWith(thinking.GetProperty("text").GetString()!, shown, StringComparison.Ordinal);
        Assert.Equal(!thinking.GetProperty("closed").GetBoolean(), shown.Contains("closed by force", StringComparison.Ordinal));
        foreach (JsonElement sid in answer.RootElement.GetProperty("thinking_sids").EnumerateArray())
        {
            Assert.Contains(sid.GetProperty("title").GetString() ?? "not in the catalogue", shown, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Recommend_ThinkFile_CarriesEachThought()
    {
        string folder = talking.NewFolder();
        string input = Path.Combine(folder, "in.jsonl"), output = Path.Combine(folder, "out.jsonl");
        File.WriteAllLines(input, ["""{"id": 1, "history": [3]}""", """{"id": 2, "prompt_ids": [2, 70]}"""]);

        HostProcess.Succeed(HostProcess.Sidr("recommend", "--bundle", talking.Bundle, "--input", input, "--output", output, "--k", "2", "--think", "--budget", "5"));

        JsonElement[] lines = [.. File.ReadAllLines(output).Select(line => JsonDocument.Parse(line).RootElement)];
        Assert.All(lines, line => Assert.Equal(["id", "items", "thinking", "stages_ms"], line.EnumerateObject().Select(field => field.Name)));
        Assert.All(lines, line => Assert.Equal(s_thinkingFields, line.GetProperty("thinking").EnumerateObject().Select(field => field.Name)));
        Assert.All(lines, line => Assert.True(line.GetProperty("stages_ms").GetProperty("thinking").GetDouble() > 0));
    }

    [Theory]
    [InlineData("--budget has no effect without --think", "--budget", "5")]
    [InlineData("add --think", "--sample")]
    [InlineData("--temperature has no effect without --sample", "--think", "--temperature", "1")]
    [InlineData("--budget is -1", "--think", "--budget=-1")]
    [InlineData("temperature is 0", "--think", "--sample", "--temperature", "0")]
    [InlineData("top-p is 2", "--think", "--sample", "--top-p", "2")]
    [InlineData("use a budget of at most", "--think", "--budget", "5000")]
    public void Recommend_BadThinkingOption_SaysWhatToDo(string expected, params string[] arguments) =>
        AssertRefused(HostProcess.Sidr(["recommend", "--bundle", talking.Bundle, "--history", "0", .. arguments]), expected);

    [Fact]
    public void Generate_MessageStreamed_PrintsTheTextOfTheJson()
    {
        string[] arguments = ["generate", "--bundle", talking.TextBundle, "--message", "Hi", "--max-tokens", "15"];

        HostResult shown = HostProcess.Sidr(arguments);
        using JsonDocument answer = JsonDocument.Parse(HostProcess.Succeed(HostProcess.Sidr([.. arguments, "--json"])));

        Assert.Equal(0, shown.ExitCode);
        Assert.Equal(answer.RootElement.GetProperty("text").GetString() + Environment.NewLine, shown.Output);
        Assert.Contains("tokens/s", shown.Error, StringComparison.Ordinal);
        Assert.InRange(answer.RootElement.GetProperty("token_ids").GetArrayLength(), 1, 15);
    }

    [Fact]
    public void Generate_File_AnswersInOrderWithIdsAsTheyCame()
    {
        string folder = talking.NewFolder();
        string input = Path.Combine(folder, "in.jsonl"), output = Path.Combine(folder, "out.jsonl");
        File.WriteAllLines(
            input,
            ["""{"id": 7, "messages": [{"role": "user", "content": "Hi"}]}""", """{"id": "p", "prompt": "<bos>user: Hi\nassistant:<think></think>"}""", """{"prompt_ids": [2, 70, 71], "id": 1e3}"""]);

        HostProcess.Succeed(HostProcess.Sidr("generate", "--bundle", talking.TextBundle, "--input", input, "--output", output, "--max-tokens", "6"));

        JsonElement[] lines = [.. File.ReadAllLines(output).Select(line => JsonDocument.Parse(line).RootElement)];
        Assert.Equal(["7", "\"p\"", "1e3"], lines.Select(line => line.GetProperty("id").GetRawText()));
        Assert.All(lines, line => Assert.Equal(["id", "token_ids", "text", "ended", "stages_ms"], line.EnumerateObject().Select(field => field.Name)));
        Assert.Equal(lines[0].GetProperty("token_ids").GetRawText(), lines[1].GetProperty("token_ids").GetRawText());
        Assert.Equal(["in.jsonl", "out.jsonl"], Directory.GetFiles(folder).Select(Path.GetFileName).Order());
    }

    [Theory]
    [InlineData("""{"id": 1}""", "neither messages nor prompt nor prompt_ids")]
    [InlineData("""{"id": 1, "prompt": "a", "prompt_ids": [1]}""", "both prompt and prompt_ids")]
    [InlineData("""{"id": 1, "prompt": 5}""", "expected a string")]
    [InlineData("""{"id": 1, "messages": [{"content": "x"}]}""", "no \"role\"")]
    [InlineData("""{"id": 1, "messages": []}""", "messages is empty")]
    [InlineData("""{"id": 1, "history": [1]}""", "the field 'history' is unknown")]
    public void Generate_DamagedLine_IsReportedByNumberAndNothingIsWritten(string line, string expected)
    {
        string folder = talking.NewFolder();
        string input = Path.Combine(folder, "in.jsonl"), output = Path.Combine(folder, "out.jsonl");
        File.WriteAllLines(input, ["""{"id": 0, "prompt": "a"}""", line]);

        AssertRefused(HostProcess.Sidr("generate", "--bundle", talking.TextBundle, "--input", input, "--output", output), "line 2", expected);

        Assert.Equal(["in.jsonl"], Directory.GetFiles(folder).Select(Path.GetFileName));
    }

    [Theory]
    [InlineData("exactly one")]
    [InlineData("exactly one", "--prompt", "a", "--message", "b")]
    [InlineData("--max-tokens is -1", "--prompt", "a", "--max-tokens=-1")]
    [InlineData("no effect without --think", "--prompt", "a", "--budget", "3")]
    public void Generate_BadOption_SaysWhatWasFound(string expected, params string[] arguments) =>
        AssertRefused(HostProcess.Sidr(["generate", "--bundle", talking.TextBundle, .. arguments]), expected);

    private static void AssertRefused(HostResult result, params string[] expected)
    {
        Assert.Equal(2, result.ExitCode);
        Assert.All(expected, text => Assert.Contains(text, result.Error, StringComparison.Ordinal));
        Assert.DoesNotContain("   at ", result.Error, StringComparison.Ordinal);
    }
}
