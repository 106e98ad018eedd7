using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace SIDReasoner.Architecture.Tests;

public class RepositoryTests
{
    [Fact]
    public void Solution_EveryProject_IsInTheFolderItLiesIn()
    {
        string solution = File.ReadAllText(Path.Combine(Repository.Root, "SIDReasoner.sln"));
        var entries = Regex.Matches(solution, "^Project\\(\"[^\"]+\"\\) = \"(?<name>[^\"]+)\", \"(?<path>[^\"]+)\", \"(?<id>[^\"]+)\"", RegexOptions.Multiline)
            .ToDictionary(match => match.Groups["path"].Value.Replace('\\', '/'), match => (Name: match.Groups["name"].Value, Id: match.Groups["id"].Value));
        var parentOf = Regex.Matches(solution, "^\\s*(?<child>\\{[0-9A-F-]+\\}) = (?<parent>\\{[0-9A-F-]+\\})\\s*$", RegexOptions.Multiline)
            .ToDictionary(match => match.Groups["child"].Value, match => match.Groups["parent"].Value);

        var problems = new List<string>();
        foreach (ProjectFile project in ProjectFile.All)
        {
            if (!entries.TryGetValue(project.Path, out (string Name, string Id) entry))
            {
                problems.Add($"'{project}' is not in SIDReasoner.sln: dotnet sln add -s {project.TopFolder} {project}");
            }
            else if (!parentOf.TryGetValue(entry.Id, out string? parent) || entries.Values.SingleOrDefault(folder => folder.Id == parent).Name != project.TopFolder)
            {
                problems.Add($"'{project}' is not in solution folder '{project.TopFolder}'.");
            }
        }

        problems.AddRange(entries.Keys.Where(path => path.EndsWith(".csproj", StringComparison.Ordinal) && !File.Exists(Path.Combine(Repository.Root, path))).Select(path => $"SIDReasoner.sln names '{path}', which is not there."));
        Problems.AssertNone(problems);
    }

    [Fact]
    public void Packages_EveryVersion_StandsInDirectoryPackagesProps()
    {
        string[] central = [.. XDocument.Load(Path.Combine(Repository.Root, "Directory.Packages.props")).Descendants("PackageVersion").Select(package => package.Attribute("Include")!.Value)];
        var problems = new List<string>();
        foreach (ProjectFile project in ProjectFile.All)
        {
            problems.AddRange(project.PackageReferences
                .Where(package => package.Attribute("Version") is not null || package.Attribute("VersionOverride") is not null || package.Element("Version") is not null)
                .Select(package => $"'{project}' gives a version of its own: {package}"));
            problems.AddRange(project.PackageNames.Except(central).Select(name => $"'{project}' references '{name}', which Directory.Packages.props lacks."));
        }

        Problems.AssertNone(problems);
        Assert.Equal(central.Distinct(), central);
    }

    [Fact]
    public void Projects_All_LeaveSharedSettingsToDirectoryBuildProps()
    {
        string[] shared = ["TargetFramework", "Nullable", "LangVersion", "TreatWarningsAsErrors", "ImplicitUsings", "Version"];

        string[] problems = [.. ProjectFile.All.SelectMany(project => shared.Where(name => project.Property(name) is not null).Select(name => $"'{project}' sets <{name}>."))];

        Problems.AssertNone(problems);
    }

    [Fact]
    public void Files_All_AreFreeOfThisMachinesPaths()
    {
        // The folder at the root of the disk that this clone lies in, unless it is one that every machine has; and people's home folders.
        string[] everywhere = ["app", "bin", "etc", "lib", "opt", "src", "tmp", "usr", "var", "mnt", "root", "home"];
        string top = Path.GetRelativePath(Path.GetPathRoot(Repository.Root)!, Repository.Root).Split(Path.DirectorySeparatorChar)[0];
        string own = everywhere.Contains(top) ? "" : $"|{Regex.Escape(top)}/";
        var path = new Regex($@"(?<![\w.\-*}}\])$>])/(?:home/\w+/|Users/\w+/{own})|[A-Z]:\\Users\\");

        var problems = new List<string>();
        foreach (string file in Repository.TextFiles)
        {
            int number = 0;
            foreach (string line in File.ReadLines(file))
            {
                number++;
                if (path.Match(line) is { Success: true } match && !line.Contains(nameof(Regex), StringComparison.Ordinal))
                {
                    problems.Add($"{Repository.Relative(file)}:{number} names '{match.Value}'");
                }
            }
        }

        Problems.AssertNone(problems);
    }

    [Fact]
    public void Sources_All_EndWithANewlineAndUseLineFeeds()
    {
        string[] problems = [.. Repository.TextFiles.Where(file => Path.GetExtension(file) is ".cs" or ".csproj" or ".props" or ".targets" or ".h" or ".cpp" or ".cu" or ".sh" or ".md")
            .Where(file => File.ReadAllText(file) is var text && (text.Contains('\r') || (text.Length > 0 && text[^1] != '\n')))
            .Select(Repository.Relative)];

        Problems.AssertNone(problems);
    }

    [Fact]
    public void Sources_All_HoldNoUnfinishedWork()
    {
        // Split so that this file does not find itself.
        string[] marks = ["TO" + "DO", "FIX" + "ME", "NotImplemented" + "Exception"];

        string[] problems = [.. Repository.TextFiles.Where(file => Path.GetExtension(file) is ".cs" or ".h" or ".cpp" or ".cu" or ".sh")
            .Where(file => File.ReadAllText(file) is var text && marks.Any(mark => text.Contains(mark, StringComparison.Ordinal)))
            .Select(Repository.Relative)];

        Problems.AssertNone(problems);
    }

    [Fact]
    public void Sources_OfProducts_AreNamedAfterTheirType()
    {
        var problems = new List<string>();
        foreach (string file in Repository.TextFiles.Where(IsProductSource))
        {
            string type = Path.GetFileName(file).Split('.')[0];
            string[] types = [.. Regex.Matches(File.ReadAllText(file), @"^[\w ]*\b(?:class|struct|interface|enum|record|delegate [\w<>\[\]?]+)\s+(?<name>\w+)", RegexOptions.Multiline).Select(match => match.Groups["name"].Value)];

            // A closed family of small types may share a file, named after it in the plural.
            bool isFamily = types.Length > 1 && type.EndsWith('s');
            if (!types.Contains(type) && !isFamily && type is not "Program" and not "AssemblyInfo" and not "GlobalUsings")
            {
                problems.Add($"'{Repository.Relative(file)}' holds no type '{type}'.");
            }
        }

        Problems.AssertNone(problems);
    }

    private static bool IsProductSource(string file) =>
        Path.GetExtension(file) == ".cs" && ProjectFile.All.Any(project => project.IsProduct && Repository.Relative(file).StartsWith(Path.GetDirectoryName(project.Path)!.Replace('\\', '/') + "/", StringComparison.Ordinal));
}
