using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace SIDReasoner.Benchmarks.Decoders;

/// <summary>Collects what was measured, prints it as it comes, and writes it as markdown and JSON.</summary>
internal sealed class RivalReport
{
    private readonly StringBuilder _markdown = new();
    private readonly List<object> _times = [];
    private readonly List<Goal> _goals = [];

    /// <summary>A line of text.</summary>
    public void Line(string text = "")
    {
        Console.WriteLine(text);
        _markdown.AppendLine(text);
    }

    /// <summary>A table of times; the first column names the contender.</summary>
    public void Table(string part, IReadOnlyList<string> columns, IReadOnlyList<string> contenders, IReadOnlyList<double[]> values)
    {
        Line();
        Line($"| {string.Join(" | ", columns)} |");
        Line($"|{string.Concat(columns.Select(_ => " --- |"))}");
        for (int i = 0; i < contenders.Count; i++)
        {
            Line($"| {contenders[i]} | {string.Join(" | ", values[i].Select(Number))} |");
            for (int quantity = 0; quantity < values[i].Length; quantity++)
            {
                _times.Add(new { part, contender = contenders[i], quantity = columns[quantity + 1], value = values[i][quantity] });
            }
        }

        Line();
    }

    /// <summary>A ratio that was promised.</summary>
    public void Promise(string what, double ratio, double least) => _goals.Add(new Goal(what, ratio, least));

    /// <summary>Prints the table of what was promised.</summary>
    public void Goals() => Console.WriteLine(GoalTable());

    /// <summary>Writes README.md and results.json into a folder.</summary>
    public void Save(string folder, string command)
    {
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, "README.md"), Markdown());
        var whole = new { command, commit = Commit(), date = DateTime.UtcNow, processor = Processor(), goals = _goals, times = _times };
        File.WriteAllText(Path.Combine(folder, "results.json"), JsonSerializer.Serialize(whole, s_json) + "\n");
    }

    /// <summary>The processor's name and how busy the machine is.</summary>
    public static string Machine()
    {
        string load = File.Exists("/proc/loadavg") ? File.ReadAllText("/proc/loadavg").Split(' ')[0] : "unknown";
        return $"{Environment.ProcessorCount} cores of {Processor()}, load {load} at the start";
    }

    /// <summary>The commit that is checked out.</summary>
    public static string Commit()
    {
        try
        {
            using var git = Process.Start(new ProcessStartInfo("git", "rev-parse --short HEAD") { RedirectStandardOutput = true })!;
            return git.StandardOutput.ReadToEnd().Trim();
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return "unknown";
        }
    }

    private static readonly JsonSerializerOptions s_json = new() { WriteIndented = true };

    private static string Processor() => !File.Exists("/proc/cpuinfo")
        ? "an unknown processor"
        : File.ReadLines("/proc/cpuinfo").FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal))?.Split(": ")[^1] ?? "an unknown processor";

    private static string Number(double value) => value.ToString(value < 10 ? "F2" : value < 1000 ? "F1" : "N0", CultureInfo.InvariantCulture);

    /// <summary>Everything, goals first; no empty line twice in a row.</summary>
    private string Markdown()
    {
        string all = _markdown.ToString().Replace("\r", "", StringComparison.Ordinal);
        int body = all.IndexOf("\n## ", StringComparison.Ordinal) is var first && first < 0 ? all.Length : first;
        return Regex.Replace($"{all[..body]}\n{GoalTable()}\n{all[body..]}", "\n{3,}", "\n\n").TrimEnd('\n') + "\n";
    }

    private string GoalTable() => _goals.Count == 0
        ? ""
        : "\n| goal | wanted | measured | |\n| --- | --- | --- | --- |\n"
            + string.Concat(_goals.Select(goal => $"| {goal.What} | {Number(goal.Least)}x | {Number(goal.Ratio)}x | {(goal.IsMet ? "met" : "**missed**")} |\n"));

    private sealed record Goal(string What, double Ratio, double Least)
    {
        public bool IsMet => Ratio >= Least;
    }
}
