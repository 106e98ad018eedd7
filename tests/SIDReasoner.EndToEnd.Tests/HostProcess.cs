using System.Diagnostics;
using SIDReasoner.TestSupport;

namespace SIDReasoner.EndToEnd.Tests;

/// <summary>What a host printed and how it ended.</summary>
internal sealed record HostResult(int ExitCode, string Output, string Error);

/// <summary>Runs the three hosts as a user does.</summary>
internal static class HostProcess
{
    public static HostResult Sidr(params string[] arguments) => Run("runtime/SIDReasoner.Cli", "sidr", arguments);

    public static HostResult Export(params string[] arguments) => Run("export/SIDReasoner.Export", "sidr-export", arguments);

    public static HostResult Train(params string[] arguments) => Run("train/SIDReasoner.Train", "sidr-train", arguments);

    /// <summary>Starts a host without waiting for it.</summary>
    public static Process StartSidr(params string[] arguments) => Start("runtime/SIDReasoner.Cli", "sidr", arguments);

    /// <summary>Runs a host that must succeed.</summary>
    public static string Succeed(HostResult result) =>
        result.ExitCode == 0 ? result.Output : throw new InvalidOperationException($"exit code {result.ExitCode}\n{result.Output}\n{result.Error}");

    private static HostResult Run(string project, string assembly, string[] arguments)
    {
        using Process process = Start(project, assembly, arguments);
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> error = process.StandardError.ReadToEndAsync();
        if (!process.WaitForExit(TimeSpan.FromMinutes(10)))
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"{assembly} {string.Join(' ', arguments)} ran for 10 minutes.");
        }

        return new HostResult(process.ExitCode, output.Result, error.Result);
    }

    private static Process Start(string project, string assembly, string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        start.ArgumentList.Add(AssemblyPath(project, assembly));
        foreach (string argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        start.Environment["OMP_NUM_THREADS"] = "2";
        return Process.Start(start) ?? throw new InvalidOperationException($"{assembly} did not start.");
    }

    /// <summary>The host's output folder of the same accelerator and configuration as these tests' own: bin/cpu/Release/net10.0.</summary>
    private static string AssemblyPath(string project, string assembly)
    {
        string own = AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar);
        string[] parts = own.Split(Path.DirectorySeparatorChar)[^4..];
        string path = Path.Combine([GoldenCases.RepositoryRoot(), .. project.Split('/'), .. parts, assembly + ".dll"]);
        return File.Exists(path) ? path : throw new FileNotFoundException($"'{path}' is not built.", path);
    }
}
