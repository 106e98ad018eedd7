using System.Diagnostics;
using System.Text.Json;
using SIDReasoner.TestSupport;
using Xunit;

namespace SIDReasoner.EndToEnd.Tests;

public sealed class RecommendCommandTests(TinyBundle tiny) : IClassFixture<TinyBundle>
{
    [Fact]
    public void Recommend_History_PrintsARankedList()
    {
        HostResult result = HostProcess.Sidr("recommend", "--bundle", tiny.Bundle, "--history", "0,1,2", "--k", "5");

        Assert.Equal(0, result.ExitCode);
        Assert.Equal(5, result.Output.Split('\n').Count(line => line.Contains("<a_", StringComparison.Ordinal)));
        Assert.Contains("prefill", result.Output, StringComparison.Ordinal);
        Assert.Equal("", result.Error);
    }

    [Fact]
    public void Recommend_KAboveBeams_RaisesBeamsAndSaysSoOnce()
    {
        HostResult result = HostProcess.Sidr("recommend", "--bundle", tiny.Bundle, "--history", "0", "--k", "30", "--json");

        using JsonDocument answer = JsonDocument.Parse(result.Output);
        Assert.Equal(30, answer.RootElement.GetProperty("items").GetArrayLength());
        Assert.Equal(30, answer.RootElement.GetProperty("beams").GetInt32());
        Assert.Single(result.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.Contains("30", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Recommend_MoreThanTheCatalogue_ReturnsEverySidOnce()
    {
        using JsonDocument answer = JsonDocument.Parse(HostProcess.Succeed(
            HostProcess.Sidr("recommend", "--bundle", tiny.Bundle, "--history", "3", "--k", "1024", "--json")));

        string[] sids = [.. answer.RootElement.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("sid").GetString()!)];
        Assert.Equal(tiny.Checkpoint.Catalog.Items.Select(item => item.Sid.ToString()).Distinct().Order(), sids.Order());
    }

    [Fact]
    public void Recommend_ExcludeHistory_BringsKOthers()
    {
        string[] first = Ids(HostProcess.Succeed(HostProcess.Sidr("recommend", "--bundle", tiny.Bundle, "--history", "5,6", "--k", "10", "--json")));
        string history = string.Join(',', first.Take(3)) + ",5";

        string answer = HostProcess.Succeed(HostProcess.Sidr("recommend", "--bundle", tiny.Bundle, "--history", history, "--k", "10", "--exclude-history", "--json"));

        using JsonDocument parsed = JsonDocument.Parse(answer);
        Assert.Equal(10, parsed.RootElement.GetProperty("items").GetArrayLength());
        Assert.Empty(Ids(answer).Intersect(history.Split(',')));
    }

    [Fact]
    public void Recommend_File_AnswersInOrderWithIdsAsTheyCame()
    {
        string folder = tiny.NewFolder();
        string input = Path.Combine(folder, "in.jsonl"), output = Path.Combine(folder, "out.jsonl");
        File.WriteAllLines(input, ["""{"id": 7, "history": [0, 1]}""", """{"id": "seven", "history": ["2"]}""", """{"prompt_ids": [1, 40, 41, 42], "id": 1e3}"""]);

        HostProcess.Succeed(HostProcess.Sidr("recommend", "--bundle", tiny.Bundle, "--input", input, "--output", output, "--k", "3"));

        JsonElement[] lines = [.. File.ReadAllLines(output).Select(line => JsonDocument.Parse(line).RootElement)];
        Assert.Equal(["7", "\"seven\"", "1e3"], lines.Select(line => line.GetProperty("id").GetRawText()));
        Assert.All(lines, line => Assert.Equal([1, 2, 3], line.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("rank").GetInt32())));
        Assert.All(lines, line => Assert.Equal(["prompt", "prefill", "thinking", "search", "lookup"], line.GetProperty("stages_ms").EnumerateObject().Select(stage => stage.Name)));
        Assert.All(lines, line => Assert.Equal(["id", "items", "stages_ms"], line.EnumerateObject().Select(field => field.Name)));
        Assert.Equal(["in.jsonl", "out.jsonl"], Directory.GetFiles(folder).Select(Path.GetFileName).Order());
    }

    [Fact]
    public async Task Recommend_FileKilledThenRunAgain_GoesOnAndGivesTheSameLines()
    {
        string folder = tiny.NewFolder();
        string input = Path.Combine(folder, "in.jsonl"), output = Path.Combine(folder, "out.jsonl"), whole = Path.Combine(folder, "whole.jsonl");
        await File.WriteAllLinesAsync(input, Enumerable.Range(0, 4000).Select(i => $$"""{"id": {{i}}, "history": [{{i % 100}}, {{(i * 7) % 100}}]}"""));
        string[] arguments = ["recommend", "--bundle", tiny.Bundle, "--input", input, "--output", output, "--k", "5", "--beams", "50"];

        using (Process process = HostProcess.StartSidr(arguments))
        {
            _ = process.StandardError.ReadToEndAsync();
            var waited = Stopwatch.StartNew();
            while (!(File.Exists(output + ".partial") && new FileInfo(output + ".partial").Length > 0) && !process.HasExited && waited.Elapsed < TimeSpan.FromSeconds(60))
            {
                await Task.Delay(20);
            }

            process.Kill();
            await process.WaitForExitAsync();
        }

        Assert.False(File.Exists(output));
        HostResult other = HostProcess.Sidr([.. arguments[..^1], "20"]);
        Assert.Equal(2, other.ExitCode);
        Assert.Contains("beams 50", other.Error, StringComparison.Ordinal);
        await File.AppendAllTextAsync(output + ".partial", "{\"id\": torn");
        HostResult resumed = HostProcess.Sidr(arguments);
        HostProcess.Succeed(HostProcess.Sidr([.. arguments[..6], whole, .. arguments[7..]]));

        Assert.Equal(0, resumed.ExitCode);
        Assert.Contains("going on after", resumed.Error, StringComparison.Ordinal);
        Assert.Equal((await File.ReadAllLinesAsync(whole)).Select(WithoutTimes), (await File.ReadAllLinesAsync(output)).Select(WithoutTimes));
    }

    [Fact]
    public void Evaluate_OwnRows_CountsEveryRowAndNothingOutsideTheCatalogue()
    {
        string data = Path.Combine(tiny.NewFolder(), "test.csv");
        File.WriteAllLines(data, ["user_id,history_item_id,item_id", .. Enumerable.Range(0, 30).Select(i => $"u{i},\"[{i}, {i + 1}]\",{i + 2}")]);

        using JsonDocument report = JsonDocument.Parse(HostProcess.Succeed(HostProcess.Sidr("evaluate", "--bundle", tiny.Bundle, "--data", data, "--beams", "1024", "--json")));

        Assert.Equal(30, report.RootElement.GetProperty("rows").GetInt32());
        Assert.Equal(0, report.RootElement.GetProperty("outside_catalog").GetInt32());
        Assert.True(report.RootElement.GetProperty("sid").GetProperty("hr@50").GetDouble() > 0);
    }

    [Theory]
    [InlineData("exact")]
    [InlineData("catalog")]
    [InlineData("reference")]
    public void Recommend_EitherEngine_GivesTheSameLists(string score)
    {
        string folder = tiny.NewFolder();
        string input = Path.Combine(folder, "in.jsonl");
        File.WriteAllLines(input, Enumerable.Range(0, 60).Select(i => $$"""{"id": {{i}}, "history": [{{i}}, {{(i * 7) % 100}}, {{(i * 13) % 90}}]}"""));
        string[][] lists = [.. new[] { "onnxruntime", "genai" }.Select(engine =>
        {
            string output = Path.Combine(folder, engine + ".jsonl");
            HostProcess.Succeed(HostProcess.Sidr("recommend", "--engine", engine, "--bundle", tiny.Bundle, "--input", input, "--output", output, "--k", "20", "--score", score));
            return File.ReadAllLines(output).Select(WithoutScores).ToArray();
        })];
        using JsonDocument one = JsonDocument.Parse(HostProcess.Succeed(
            HostProcess.Sidr("recommend", "--engine", "genai", "--bundle", tiny.Bundle, "--history", "1,2,3", "--json")));

        Assert.Equal(60, lists[0].Length);
        Assert.Equal(lists[0], lists[1]);
        Assert.Equal("genai", one.RootElement.GetProperty("engine").GetString());
    }

    [Fact]
    public void Recommend_Adapter_ChangesTheListAlikeOnBothEngines()
    {
        string folder = tiny.NewFolder(), bundle = Path.Combine(folder, "bundle");
        string adapter = RandomAdapter.Write(tiny.Checkpoint, Path.Combine(folder, "tuned"), seed: 3);
        HostProcess.Succeed(HostProcess.Export("--checkpoint", tiny.Checkpoint.Folder, "--catalog", tiny.Checkpoint.CatalogFolder, "--out", bundle, "--adapter", "tuned=" + adapter));
        string Recommend(params string[] options) => string.Join(' ', Ids(HostProcess.Succeed(HostProcess.Sidr(["recommend", "--bundle", bundle, "--history", "1,2,3", "--k", "20", "--json", .. options]))));

        string plain = Recommend(), tuned = Recommend("--adapter", "tuned");

        Assert.NotEqual(plain, tuned);
        Assert.Equal(tuned, Recommend("--adapter", "tuned", "--engine", "genai"));
        Assert.Equal(plain, Recommend("--engine", "genai"));
        HostResult unknown = HostProcess.Sidr("recommend", "--bundle", bundle, "--history", "1", "--adapter", "other");
        Assert.Equal(2, unknown.ExitCode);
        Assert.Contains("'tuned'", unknown.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Recommend_UnknownEngine_IsRefusedByName()
    {
        HostResult result = HostProcess.Sidr("recommend", "--engine", "llama", "--bundle", tiny.Bundle, "--history", "1");

        Assert.Equal(2, result.ExitCode);
        Assert.Contains("'llama'", result.Error, StringComparison.Ordinal);
        Assert.Contains("onnxruntime or genai", result.Error, StringComparison.Ordinal);
    }

    /// <summary>The list alone: engines may differ in a score's last digits.</summary>
    private static string WithoutScores(string line)
    {
        using JsonDocument document = JsonDocument.Parse(line);
        IEnumerable<string> items = document.RootElement.GetProperty("items").EnumerateArray().Select(
            item => $"{item.GetProperty("rank")} {item.GetProperty("sid")} {item.GetProperty("item_ids")}");
        return string.Join('|', items.Prepend(document.RootElement.GetProperty("id").GetRawText()));
    }

    private static string WithoutTimes(string line)
    {
        using JsonDocument document = JsonDocument.Parse(line);
        return document.RootElement.GetProperty("id").GetRawText() + document.RootElement.GetProperty("items").GetRawText();
    }

    private static string[] Ids(string json)
    {
        using JsonDocument answer = JsonDocument.Parse(json);
        return [.. answer.RootElement.GetProperty("items").EnumerateArray().SelectMany(item => item.GetProperty("item_ids").EnumerateArray()).Select(id => id.GetRawText())];
    }
}
