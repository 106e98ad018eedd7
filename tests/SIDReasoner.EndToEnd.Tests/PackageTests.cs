using System.Diagnostics;
using System.Text.Json;
using System.Text.RegularExpressions;
using SIDReasoner.TestSupport;
using Xunit;

namespace SIDReasoner.EndToEnd.Tests;

/// <summary>The packages in a stranger's hands: packed, installed into an empty console project, and ranking as <c>sidr</c> does. The program is the one of docs/packages.md.</summary>
[Trait("Category", "Slow")]
public sealed class PackageTests(TinyBundle tiny) : IClassFixture<TinyBundle>
{
    private static readonly string[] s_packages = ["SIDReasoner.Core", "SIDReasoner.Decoding", "SIDReasoner.Runtime", "SIDReasoner.Runtime.GenAI"];

    [Fact]
    public void Console_PackagesInstalled_RanksAsTheHostDoes()
    {
        string project = InstallIntoEmptyConsole();

        Run(project, "dotnet", "build", "-c", "Release", "-o", "out", "-nodeReuse:false", "-v", "q");
        string output = Run(project, "dotnet", "out/Consumer.dll", tiny.Bundle, "3,4,5");

        AssertRanksAsTheHost(output);
    }

    [Fact]
    [Trait("Category", "Full")]
    public void Console_PublishedAheadOfTime_RanksAsTheHostDoes()
    {
        string project = InstallIntoEmptyConsole();

        string build = Run(project, "dotnet", "publish", "-c", "Release", "-r", "linux-x64", "-p:PublishAot=true", "-p:InvariantGlobalization=true", "-o", "aot", "-nodeReuse:false", "-v", "q");
        string output = Run(project, Path.Combine(project, "aot", "Consumer"), tiny.Bundle, "3,4,5");

        Assert.DoesNotContain("warning", build, StringComparison.OrdinalIgnoreCase);
        AssertRanksAsTheHost(output);
    }

    private void AssertRanksAsTheHost(string output)
    {
        string[] lines = output.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        using JsonDocument host = JsonDocument.Parse(HostProcess.Succeed(HostProcess.Sidr("recommend", "--bundle", tiny.Bundle, "--history", "3,4,5", "--k", "5", "--json")));
        string[] expected = [.. host.RootElement.GetProperty("items").EnumerateArray().Select(item => $"{item.GetProperty("rank")}. {item.GetProperty("sid")} {item.GetProperty("title")}")];

        Assert.Equal(5, expected.Length);
        Assert.Equal([.. expected.Select(line => "onnxruntime " + line), .. expected.Select(line => "genai " + line)], lines);
    }

    /// <summary>Packs the four projects under a version of its own and writes a console project that references the last; packages of others come from the usual cache.</summary>
    private string InstallIntoEmptyConsole()
    {
        string folder = tiny.NewFolder();
        string version = $"0.1.0-test{Guid.NewGuid():N}";
        foreach (string package in s_packages)
        {
            Run(GoldenCases.RepositoryRoot(), "dotnet", "pack", $"runtime/{package}", "-c", Configuration(), "--no-build", "-o", Path.Combine(folder, "feed"), $"-p:PackageVersion={version}", "-nodeReuse:false", "-v", "q");
        }

        Assert.Equal(s_packages.Order(StringComparer.Ordinal), Directory.GetFiles(Path.Combine(folder, "feed")).Select(file => Path.GetFileName(file).Replace($".{version}.nupkg", "", StringComparison.Ordinal)).Order(StringComparer.Ordinal));
        string cache = Run(folder, "dotnet", "nuget", "locals", "global-packages", "--list").Split(':', 2)[1].Trim();
        string project = Directory.CreateDirectory(Path.Combine(folder, "Consumer")).FullName;
        File.WriteAllText(Path.Combine(project, "Consumer.csproj"), $"""
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <OutputType>Exe</OutputType>
                <TargetFramework>net10.0</TargetFramework>
                <Nullable>enable</Nullable>
                <ImplicitUsings>enable</ImplicitUsings>
                <TreatWarningsAsErrors>true</TreatWarningsAsErrors>
                <RestoreAdditionalProjectSources>{Path.Combine(folder, "feed")}</RestoreAdditionalProjectSources>
                <RestorePackagesPath>{Path.Combine(folder, "packages")}</RestorePackagesPath>
                <RestoreFallbackFolders>{cache}</RestoreFallbackFolders>
              </PropertyGroup>
              <ItemGroup>
                <PackageReference Include="SIDReasoner.Runtime.GenAI" Version="{version}" />
              </ItemGroup>
            </Project>
            """);
        File.WriteAllText(Path.Combine(project, "Program.cs"), Program());
        return project;
    }

    private static string Program()
    {
        string page = File.ReadAllText(Path.Combine(GoldenCases.RepositoryRoot(), "docs/packages.md"));
        return Regex.Match(page, "```csharp\n(.*?)```", RegexOptions.Singleline).Groups[1].Value;
    }

    /// <summary>Debug or Release, as these tests were built: bin/cpu/Release/net10.0.</summary>
    private static string Configuration() => AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar).Split(Path.DirectorySeparatorChar)[^2];

    private static string Run(string folder, string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true };

        // The test host's own MSBuild settings must not reach the child's.
        foreach (string name in start.Environment.Keys.Where(key => key.StartsWith("MSBUILD", StringComparison.OrdinalIgnoreCase)).ToList())
        {
            start.Environment.Remove(name);
        }

        start.Environment["DOTNET_NOLOGO"] = "1";
        using Process process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? output : throw new InvalidOperationException($"{program} {string.Join(' ', arguments)}: exit code {process.ExitCode}\n{output}\n{errors.Result}");
    }
}
