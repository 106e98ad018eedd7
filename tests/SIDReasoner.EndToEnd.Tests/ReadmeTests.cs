using System.Text.RegularExpressions;
using SIDReasoner.TestSupport;
using Xunit;

namespace SIDReasoner.EndToEnd.Tests;

/// <summary>The README's commands as they stand there, with their output in a temporary folder and one pass of training.</summary>
[Trait("Category", "Slow")]
public sealed partial class ReadmeTests
{
    [Fact]
    public void Readme_FiveCommands_LeadFromNothingToARankedList()
    {
        string folder = Directory.CreateTempSubdirectory("sidr-readme-").FullName;
        try
        {
            string[] commands = Commands("## Five commands");

            List<string> outputs = [.. commands.Select(command => HostProcess.Succeed(RunHost(command, folder)))];

            Assert.Equal(5, outputs.Count);
            Assert.Contains("history item-kNN", outputs[1], StringComparison.Ordinal);
            Assert.Equal(10, Regex.Count(outputs[3], "^ *[0-9]+\\.  <a_", RegexOptions.Multiline));
            Assert.Contains("NDCG@K by SID", outputs[4], StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public void Readme_Links_LeadToFiles()
    {
        string root = GoldenCases.RepositoryRoot();
        string text = File.ReadAllText(Path.Combine(root, "README.md"));

        string[] missing = [.. LinkPattern().Matches(text).Select(match => match.Groups[1].Value)
            .Where(target => !target.StartsWith("http", StringComparison.Ordinal) && !Path.Exists(Path.Combine(root, target.Split('#')[0])))];

        Assert.Empty(missing);
    }

    /// <summary>The lines of the first code block after a heading.</summary>
    private static string[] Commands(string heading)
    {
        string text = File.ReadAllText(Path.Combine(GoldenCases.RepositoryRoot(), "README.md"));
        int start = text.IndexOf("```", text.IndexOf(heading, StringComparison.Ordinal), StringComparison.Ordinal);
        start = text.IndexOf('\n', start) + 1;
        return text[start..text.IndexOf("```", start, StringComparison.Ordinal)].Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    private static HostResult RunHost(string command, string folder)
    {
        Match match = CommandPattern().Match(command);
        Assert.True(match.Success, $"'{command}' is not of the form dotnet run --project FOLDER -c Release -- ARGUMENTS.");
        string[] arguments = [.. match.Groups[2].Value.Split(' ', StringSplitOptions.RemoveEmptyEntries)
            .Select(argument => Regex.Replace(argument, "^out(?=/|$)", folder))];
        int epochs = Array.IndexOf(arguments, "--epochs");
        if (epochs >= 0)
        {
            arguments[epochs + 1] = "1";
        }

        return match.Groups[1].Value switch
        {
            "train/SIDReasoner.Train" => HostProcess.Train(arguments),
            "export/SIDReasoner.Export" => HostProcess.Export(arguments),
            "runtime/SIDReasoner.Cli" => HostProcess.Sidr(arguments),
            string other => throw new InvalidOperationException($"The README calls '{other}'."),
        };
    }

    [GeneratedRegex("^dotnet run --project (\\S+) -c Release -- (.*)$")]
    private static partial Regex CommandPattern();

    [GeneratedRegex("\\]\\(([^)]+)\\)")]
    private static partial Regex LinkPattern();
}
