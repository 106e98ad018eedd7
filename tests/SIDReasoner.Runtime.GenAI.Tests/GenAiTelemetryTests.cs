using System.Diagnostics;
using SIDReasoner.TestSupport;
using Xunit;

namespace SIDReasoner.Runtime.GenAI.Tests;

/// <summary>GenAI's telemetry leaves a device id and two databases in the home folder of whoever runs it; ours leaves nothing.</summary>
public sealed class GenAiTelemetryTests
{
    [SkippableFact]
    public async Task Load_FreshHomeFolder_LeavesNothingInIt()
    {
        Skip.If(OperatingSystem.IsWindows(), "The home folder is a variable on Unix only.");
        using var checkpoint = RandomCheckpoint.Create("qwen3-tied", seed: 52);
        using var bundle = TestBundle.Of(checkpoint);
        var home = Directory.CreateTempSubdirectory("sidr-home-").FullName;
        var dotnet = Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? Environment.ProcessPath!;
        var probe = Path.Combine(AppContext.BaseDirectory, "SIDReasoner.TelemetryProbe.dll");
        var start = new ProcessStartInfo(dotnet, [probe, bundle.Path, GenAiEngine.EngineName]) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["HOME"] = home;
        foreach (var name in new[] { "ORT_DISABLE_TELEMETRY", "XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME" })
            start.Environment.Remove(name);

        using var process = Process.Start(start)!;
        var output = await process.StandardOutput.ReadToEndAsync();
        var errors = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();

        Assert.True(process.ExitCode == 0, errors);
        Assert.Equal("ran 3 tokens", output.Trim());
        Assert.Empty(Directory.GetFileSystemEntries(home, "*", SearchOption.AllDirectories));
        Directory.Delete(home, recursive: true);
    }
}
