namespace SIDReasoner.Architecture.Tests;

/// <summary>The arrows of the layer picture: train and export meet runtime in files, and only Core and Decoding are shared.</summary>
public class LayerTests
{
    // Project -> everything it may reference.
    private static readonly Dictionary<string, string[]> s_arrows = new()
    {
        ["SIDReasoner.Core"] = [],
        ["SIDReasoner.Decoding"] = ["SIDReasoner.Core"],
        ["SIDReasoner.Train"] = ["SIDReasoner.Core", "SIDReasoner.Decoding"],
        ["SIDReasoner.Export"] = ["SIDReasoner.Core"],
        ["SIDReasoner.Runtime"] = ["SIDReasoner.Core", "SIDReasoner.Decoding"],
        ["SIDReasoner.Runtime.GenAI"] = ["SIDReasoner.Core", "SIDReasoner.Decoding", "SIDReasoner.Runtime"],
        ["SIDReasoner.Cli"] = ["SIDReasoner.Core", "SIDReasoner.Decoding", "SIDReasoner.Runtime", "SIDReasoner.Runtime.GenAI"],
        ["SIDReasoner.Server"] = ["SIDReasoner.Core", "SIDReasoner.Decoding", "SIDReasoner.Runtime", "SIDReasoner.Runtime.GenAI"],
    };

    // Package, or the start of its name -> the projects that may name it.
    private static readonly Dictionary<string, string[]> s_owners = new()
    {
        ["TorchSharp"] = ["SIDReasoner.Train"],
        ["libtorch"] = ["SIDReasoner.Train"],
        ["OnnxSharp"] = ["SIDReasoner.Export"],
        ["Google.Protobuf"] = ["SIDReasoner.Export"],
        ["Microsoft.ML.OnnxRuntimeGenAI"] = ["SIDReasoner.Runtime.GenAI"],
        ["Microsoft.ML.OnnxRuntime"] = ["SIDReasoner.Runtime", "SIDReasoner.Runtime.GenAI", "SIDReasoner.Export"],
        ["Microsoft.ML.Tokenizers"] = ["SIDReasoner.Core"],
        ["Microsoft.CodeAnalysis.BannedApiAnalyzers"] = ["SIDReasoner.Train", "SIDReasoner.Core", "SIDReasoner.Decoding", "SIDReasoner.Runtime", "SIDReasoner.Export"],
        ["Spectre.Console"] = ["SIDReasoner.Train", "SIDReasoner.Export", "SIDReasoner.Cli"],
        ["System.CommandLine"] = ["SIDReasoner.Train", "SIDReasoner.Export", "SIDReasoner.Cli", "SIDReasoner.Server"],
        ["System.Numerics.Tensors"] = ["SIDReasoner.Core", "SIDReasoner.Decoding", "SIDReasoner.Train", "SIDReasoner.Export", "SIDReasoner.Runtime"],
        ["CsvHelper"] = ["SIDReasoner.Train"],
        ["Microsoft.Extensions."] = ["SIDReasoner.Runtime", "SIDReasoner.Runtime.GenAI", "SIDReasoner.Cli", "SIDReasoner.Server"],
        ["OpenTelemetry"] = ["SIDReasoner.Server"],
    };

    [Fact]
    public void ProjectReferences_OfProducts_FollowTheArrows()
    {
        var problems = new List<string>();
        foreach (ProjectFile project in ProjectFile.All.Where(project => project.IsProduct))
        {
            if (!s_arrows.TryGetValue(project.Name, out string[]? allowed))
            {
                problems.Add($"'{project}' is not in the layer picture. Give it a place there and in docs/architecture.md.");
                continue;
            }

            problems.AddRange(project.ProjectReferences.Except(allowed).Select(reference => $"'{project}' references '{reference}'; expected only [{string.Join(", ", allowed)}]."));
        }

        Problems.AssertNone(problems);
    }

    [Fact]
    public void ProjectReferences_OfProducts_NeverPointAtTests()
    {
        string[] testCode = [.. ProjectFile.All.Where(project => project.TopFolder is "tests" or "benchmarks").Select(project => project.Name)];

        Assert.NotEmpty(testCode);
        Assert.All(ProjectFile.All.Where(project => project.IsProduct), project => Assert.Empty(project.ProjectReferences.Intersect(testCode)));
    }

    [Fact]
    public void PackageReferences_OfProducts_BelongToTheirLayer()
    {
        var problems = new List<string>();
        foreach (ProjectFile project in ProjectFile.All.Where(project => project.IsProduct))
        {
            foreach (string package in project.PackageNames)
            {
                string? owner = s_owners.Keys.Where(name => package.StartsWith(name, StringComparison.Ordinal)).MaxBy(name => name.Length);
                if (owner is null)
                {
                    problems.Add($"'{project}' references package '{package}', which no layer owns yet. Name its owner here.");
                }
                else if (!s_owners[owner].Contains(project.Name))
                {
                    problems.Add($"'{project}' references package '{package}'; expected only in [{string.Join(", ", s_owners[owner])}].");
                }
            }
        }

        Problems.AssertNone(problems);
    }

    [Theory]
    [InlineData("TorchSharp")]
    [InlineData("Protobuf")]
    [InlineData("OnnxSharp")]
    public void Runtime_AnyFile_DoesNotName(string library)
    {
        string[] files = [.. Repository.TextFiles.Where(path => Repository.Relative(path).StartsWith("runtime/", StringComparison.Ordinal) && Path.GetExtension(path) is ".cs" or ".csproj")];
        string[] naming = [.. files.Where(path => Repository.Relative(path).StartsWith("runtime/", StringComparison.Ordinal) && NamesInCode(path, library)).Select(Repository.Relative)];

        Assert.NotEmpty(files);
        Problems.AssertNone(naming);
    }

    [Fact]
    public void RuntimeLibraries_All_AreAotCompatible() =>
        Assert.All(
            ProjectFile.All.Where(project => project.TopFolder == "runtime" && !project.IsHost),
            project => Assert.True(project.Property("IsAotCompatible") == "true", $"'{project}' lacks <IsAotCompatible>true</IsAotCompatible>."));

    [Fact]
    public void Products_All_HaveATestProjectNamedAfterThem()
    {
        string[] projects = [.. ProjectFile.All.Select(project => project.Name)];

        Assert.All(ProjectFile.All.Where(project => project.IsProduct && project.Name is not ("SIDReasoner.Cli" or "SIDReasoner.Server")), project => Assert.Contains($"{project.Name}.Tests", projects));
    }

    // A comment may say where something is done elsewhere; code may not.
    private static bool NamesInCode(string path, string library) =>
        File.ReadLines(path).Select(line => line.TrimStart())
            .Any(line => !line.StartsWith("//", StringComparison.Ordinal) && !line.StartsWith("<!--", StringComparison.Ordinal) && line.Contains(library, StringComparison.OrdinalIgnoreCase));
}
