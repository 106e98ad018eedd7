using System.Diagnostics;
using System.Text.Json;
using Xunit;

namespace SIDReasoner.EndToEnd.Tests;

/// <summary>Evaluation with thinking, several samples a row, and after a stop.</summary>
[Trait("Category", "Slow")]
public sealed class EvaluateCommandTests(TalkingBundle talking) : IClassFixture<TalkingBundle>
{
    [Fact]
    public void Evaluate_Samples_PrintsBestOfNBesideTheMean()
    {
        string[] arguments =
        [
            "evaluate", "--bundle", talking.Bundle, "--data", Data(rows: 20), "--beams", "100", "--think", "--budget", "6", "--sample", "--temperature", "3", "--seed", "5", "--samples", "4",
        ];

        using JsonDocument report = JsonDocument.Parse(HostProcess.Succeed(HostProcess.Sidr([.. arguments, "--json"])));
        using JsonDocument again = JsonDocument.Parse(HostProcess.Succeed(HostProcess.Sidr([.. arguments, "--json", "--parallel", "1"])));
        string table = HostProcess.Succeed(HostProcess.Sidr(arguments));

        JsonElement root = report.RootElement;
        Assert.Equal(20, root.GetProperty("rows").GetInt32());
        Assert.Equal(20 * 4 * 100, root.GetProperty("answers").GetInt32());
        Assert.Equal(0, root.GetProperty("illegal_rate").GetDouble());
        Assert.Equal(4, root.GetProperty("thinking").GetProperty("samples").GetInt32());
        Assert.InRange(root.GetProperty("thinking").GetProperty("tokens_mean").GetDouble(), 0.1, 6);
        foreach (string level in new[] { "sid", "item" })
        {
            double best = root.GetProperty("best_of_n").GetProperty(level).GetProperty("hr@50").GetDouble();
            double mean = root.GetProperty(level).GetProperty("hr@50").GetDouble();
            Assert.InRange(mean, 0.0001, best);
            Assert.Equal(root.GetProperty(level).GetRawText(), again.RootElement.GetProperty(level).GetRawText());
        }

        Assert.Contains("(mean)", table, StringComparison.Ordinal);
        Assert.Contains("(best of 4)", table, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Evaluate_KilledThenRunAgain_GoesOnAndReportsEveryRow()
    {
        string folder = talking.NewFolder();
        string report = Path.Combine(folder, "report.json"), whole = Path.Combine(folder, "whole.json");
        string[] arguments = ["evaluate", "--bundle", talking.Bundle, "--data", Data(rows: 600), "--beams", "20", "--think", "--budget", "4", "--report", report];
        using (Process process = HostProcess.StartSidr(arguments))
        {
            _ = process.StandardError.ReadToEndAsync();
            _ = process.StandardOutput.ReadToEndAsync();
            var waited = Stopwatch.StartNew();
            while (!(File.Exists(report + ".partial") && new FileInfo(report + ".partial").Length > 0) && !process.HasExited && waited.Elapsed < TimeSpan.FromSeconds(60))
            {
                await Task.Delay(20);
            }

            process.Kill();
            await process.WaitForExitAsync();
        }

        Assert.False(File.Exists(report));
        HostResult other = HostProcess.Sidr([.. arguments, "--score", "catalog"]);
        HostResult resumed = HostProcess.Sidr(arguments);
        HostProcess.Succeed(HostProcess.Sidr([.. arguments[..^1], whole]));

        Assert.Equal(2, other.ExitCode);
        Assert.Contains("score catalog", other.Error, StringComparison.Ordinal);
        Assert.Equal(0, resumed.ExitCode);
        Assert.Contains("going on after", resumed.Error, StringComparison.Ordinal);
        using JsonDocument first = JsonDocument.Parse(await File.ReadAllTextAsync(report));
        using JsonDocument second = JsonDocument.Parse(await File.ReadAllTextAsync(whole));
        Assert.Equal(600, first.RootElement.GetProperty("rows").GetInt32());
        Assert.Equal(second.RootElement.GetProperty("sid").GetRawText(), first.RootElement.GetProperty("sid").GetRawText());
        Assert.Equal(second.RootElement.GetProperty("item").GetRawText(), first.RootElement.GetProperty("item").GetRawText());
        Assert.Equal(["report.json", "whole.json"], Directory.GetFiles(folder).Select(Path.GetFileName).Order());
    }

    [Fact]
    public void Evaluate_ScoreModes_PrintsWhatTheListsShare()
    {
        string data = Data(rows: 30);
        string[] arguments = ["evaluate", "--bundle", talking.Bundle, "--data", data, "--beams", "20"];

        using JsonDocument report = JsonDocument.Parse(HostProcess.Succeed(HostProcess.Sidr([.. arguments, "--json"])));
        string table = HostProcess.Succeed(HostProcess.Sidr([.. arguments, "--overlap", "12"]));
        string without = HostProcess.Succeed(HostProcess.Sidr([.. arguments, "--overlap", "0"]));

        JsonElement modes = report.RootElement.GetProperty("score_modes");
        JsonElement catalog = modes.GetProperty("pairs").EnumerateArray().First(pair => pair.GetProperty("score_mode").GetString() == "catalog");
        Assert.Equal(30, modes.GetProperty("rows").GetInt32());
        Assert.Equal("exact", catalog.GetProperty("to_score_mode").GetString());
        (double overlap, double sameFirst) = Shared(data, ["--score", "catalog"], ["--score", "exact"], talking.Bundle);
        Assert.Equal((overlap, sameFirst), Shares(catalog));
        Assert.InRange(overlap, 0.01, 0.999);
        Assert.Contains("score modes on 12 of these rows:", table, StringComparison.Ordinal);
        Assert.Contains("catalog and exact share ", table, StringComparison.Ordinal);
        Assert.DoesNotContain("score modes", without, StringComparison.Ordinal);
    }

    [Fact]
    public void Evaluate_HistoriesLongerThanTheContext_CountsThem()
    {
        string longHistory = string.Join(", ", Enumerable.Range(0, 10));
        using JsonDocument asked = JsonDocument.Parse(HostProcess.Succeed(HostProcess.Sidr("recommend", "--bundle", talking.Bundle, "--history", longHistory, "--json")));
        int context = asked.RootElement.GetProperty("prompt_tokens").GetInt32() - 1;
        string data = Path.Combine(talking.NewFolder(), "test.csv"), bundle = Path.Combine(talking.NewFolder(), "bundle");
        HostProcess.Succeed(HostProcess.Export("--checkpoint", talking.Checkpoint.Folder, "--catalog", talking.Checkpoint.CatalogFolder, "--out", bundle, "--context", $"{context}"));
        File.WriteAllLines(data, ["user_id,history_item_id,item_id", "u0,\"[1, 2]\",3", $"u1,\"[{longHistory}]\",5", $"u2,\"[{longHistory}]\",6"]);

        using JsonDocument report = JsonDocument.Parse(HostProcess.Succeed(HostProcess.Sidr("evaluate", "--bundle", bundle, "--data", data, "--beams", "5", "--json")));
        string table = HostProcess.Succeed(HostProcess.Sidr("evaluate", "--bundle", bundle, "--data", data, "--beams", "5"));

        Assert.Equal(2, report.RootElement.GetProperty("shortened_histories").GetInt32());
        Assert.Equal(2, report.RootElement.GetProperty("dropped_items").GetInt32());
        Assert.Contains($"2 histories were longer than the context of {context} tokens: their oldest items, 2 in all, were left out", table, StringComparison.Ordinal);
    }

    [Fact]
    public void Compare_WriteOnARandomModel_RecordsEveryPairAndLeavesTheDefault()
    {
        string folder = talking.NewFolder(), data = Data(rows: 30), bundle = Path.Combine(folder, "bundle"), report = Path.Combine(folder, "report.json");
        HostProcess.Succeed(HostProcess.Export("--checkpoint", talking.Checkpoint.Folder, "--catalog", talking.Checkpoint.CatalogFolder, "--out", bundle, "--precision", "fp32,int4"));
        string before = File.ReadAllText(Path.Combine(bundle, "bundle.json"));

        HostResult plain = HostProcess.Sidr("evaluate", "--bundle", bundle, "--data", data, "--beams", "20", "--compare");
        string untouched = File.ReadAllText(Path.Combine(bundle, "bundle.json"));
        HostResult written = HostProcess.Sidr("evaluate", "--bundle", bundle, "--data", data, "--beams", "20", "--compare", "--write", "--json", "--report", report);
        string inspected = HostProcess.Succeed(HostProcess.Sidr("inspect", "--bundle", bundle));

        Assert.Contains("int4, exact / fp32, exact", HostProcess.Succeed(plain), StringComparison.Ordinal);
        Assert.Equal(before, untouched);
        Assert.Equal(HostProcess.Succeed(written).TrimEnd(), File.ReadAllText(report).TrimEnd());
        Assert.Contains("the default score mode is exact", written.Error, StringComparison.Ordinal);
        Assert.Contains("int4 exact and fp32 exact share", inspected, StringComparison.Ordinal);
        using JsonDocument printed = JsonDocument.Parse(written.Output), manifest = JsonDocument.Parse(File.ReadAllText(Path.Combine(bundle, "bundle.json")));
        JsonElement agreement = manifest.RootElement.GetProperty("agreement");
        JsonElement[] pairs = [.. agreement.GetProperty("pairs").EnumerateArray()];
        Assert.Equal("exact", manifest.RootElement.GetProperty("default_score_mode").GetString());
        Assert.Equal(30, agreement.GetProperty("rows").GetInt32());
        Assert.Equal(Words(printed.RootElement.GetProperty("pairs").EnumerateArray()), Words(pairs));
        JsonElement catalog = pairs.Single(pair => pair.GetProperty("score_mode").GetString() == "catalog");
        JsonElement int4 = pairs.Single(pair => pair.GetProperty("precision").GetString() == "int4");
        Assert.Equal(Shared(data, ["--score", "catalog"], ["--score", "exact"], bundle), Shares(catalog));
        Assert.Equal(Shared(data, ["--precision", "int4"], ["--precision", "fp32"], bundle), Shares(int4));
        Assert.InRange(int4.GetProperty("score_difference_max").GetDouble(), int4.GetProperty("score_difference_mean").GetDouble(), 10);
        Assert.InRange(int4.GetProperty("score_difference_mean").GetDouble(), 1e-6, 10);
    }

    [Theory]
    [InlineData("--overlap is -1", "--overlap", "-1")]
    [InlineData("add --compare", "--write")]
    [InlineData("leave --score out", "--compare", "--score", "exact")]
    [InlineData("leave --precision out", "--compare", "--precision", "fp32")]
    [InlineData("without --think", "--compare", "--write", "--think")]
    [InlineData("--samples is 0", "--samples", "0")]
    [InlineData("only with --think --sample", "--samples", "3")]
    [InlineData("only with --think --sample", "--samples", "3", "--think")]
    [InlineData("does not exist", "--report", "no/such/folder/r.json")]
    public void Evaluate_BadOption_SaysWhatWasFound(string expected, params string[] arguments)
    {
        HostResult result = HostProcess.Sidr(["evaluate", "--bundle", talking.Bundle, "--data", Data(rows: 1), .. arguments]);

        Assert.Equal(2, result.ExitCode);
        Assert.Contains(expected, result.Error, StringComparison.Ordinal);
    }

    /// <summary>The same two numbers from the lists that `sidr recommend` gives.</summary>
    private (double Overlap, double SameFirst) Shared(string data, string[] first, string[] second, string bundle)
    {
        string input = Path.Combine(talking.NewFolder(), "in.jsonl");
        File.WriteAllLines(input, File.ReadLines(data).Skip(1).Select((line, i) => $$"""{"id": {{i}}, "history": {{line.Split('"')[1]}}}"""));
        string[][][] lists = [.. new[] { first, second }.Select(options => Lists(bundle, input, options))];
        (string[] A, string[] B)[] pairs = [.. lists[0].Zip(lists[1])];
        return (Math.Round(pairs.Average(pair => pair.A.Intersect(pair.B).Count() / 10.0), 6), Math.Round(pairs.Average(pair => pair.A[0] == pair.B[0] ? 1.0 : 0), 6));
    }

    private string[][] Lists(string bundle, string input, string[] options)
    {
        string output = Path.Combine(talking.NewFolder(), "out.jsonl");
        HostProcess.Succeed(HostProcess.Sidr(["recommend", "--bundle", bundle, "--input", input, "--output", output, "--beams", "20", "--k", "10", .. options]));
        return
        [
            .. File.ReadLines(output).Select(line =>
            {
                using JsonDocument answer = JsonDocument.Parse(line);
                return answer.RootElement.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("sid").GetString()!).ToArray();
            }),
        ];
    }

    private static (double Overlap, double SameFirst) Shares(JsonElement pair) => (pair.GetProperty("top10_overlap").GetDouble(), pair.GetProperty("same_first").GetDouble());

    /// <summary>Names and values without the layout.</summary>
    private static IEnumerable<string> Words(IEnumerable<JsonElement> pairs) => pairs.Select(pair => JsonSerializer.Serialize(pair));

    private string Data(int rows)
    {
        string data = Path.Combine(talking.NewFolder(), "test.csv");
        File.WriteAllLines(data, ["user_id,history_item_id,item_id", .. Enumerable.Range(0, rows).Select(i => $"u{i},\"[{i % 90}, {(i + 1) % 90}]\",{(i + 2) % 90}")]);
        return data;
    }
}
