using System.Diagnostics;
using Xunit;

namespace SIDReasoner.TestSupport;

/// <summary>Runs a program as a user whose home folder is empty, and looks at what it leaves there.</summary>
public static class FreshHome
{
    /// <summary>Runs the telemetry probe (a program beside the tests that opens a bundle and runs three tokens) and asserts that it leaves nothing.</summary>
    /// <param name="arguments">The bundle's folder, then the engine's name where it is not the default.</param>
    public static async Task AssertProbeLeavesNothing(params string[] arguments)
    {
        string home = Directory.CreateTempSubdirectory("sidr-home-").FullName;
        try
        {
            string dotnet = Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? Environment.ProcessPath!;
            string probe = Path.Combine(AppContext.BaseDirectory, "SIDReasoner.TelemetryProbe.dll");
            var start = new ProcessStartInfo(dotnet, [probe, .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true };
            start.Environment["HOME"] = home;
            foreach (string name in new[] { "ORT_DISABLE_TELEMETRY", "XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME" })
            {
                start.Environment.Remove(name);
            }

            using Process process = Process.Start(start)!;
            string output = await process.StandardOutput.ReadToEndAsync();
            string errors = await process.StandardError.ReadToEndAsync();
            await process.WaitForExitAsync();

            Assert.True(process.ExitCode == 0, errors);
            Assert.Equal("ran 3 tokens", output.Trim());
            Assert.Empty(Directory.GetFileSystemEntries(home, "*", SearchOption.AllDirectories));
        }
        finally
        {
            Directory.Delete(home, recursive: true);
        }
    }
}
