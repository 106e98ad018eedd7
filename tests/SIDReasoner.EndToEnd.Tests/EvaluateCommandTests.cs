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

    [Theory]
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

    private string Data(int rows)
    {
        string data = Path.Combine(talking.NewFolder(), "test.csv");
        File.WriteAllLines(data, ["user_id,history_item_id,item_id", .. Enumerable.Range(0, rows).Select(i => $"u{i},\"[{i % 90}, {(i + 1) % 90}]\",{(i + 2) % 90}")]);
        return data;
    }
}
