using System.Xml.Linq;

namespace SIDReasoner.Architecture.Tests;

/// <summary>A project file of this repository, as written: nothing is evaluated, so what stands under a condition counts too.</summary>
internal sealed class ProjectFile
{
    private readonly XDocument _xml;

    private ProjectFile(string path)
    {
        Path = System.IO.Path.GetRelativePath(Repository.Root, path).Replace('\\', '/');
        _xml = XDocument.Load(path);
    }

    /// <summary>Every project below the repository's root.</summary>
    public static IReadOnlyList<ProjectFile> All { get; } =
        [.. Repository.Files.Where(path => path.EndsWith(".csproj", StringComparison.Ordinal)).Select(path => new ProjectFile(path))];

    /// <summary>Path from the repository's root, with forward slashes.</summary>
    public string Path { get; }

    public string Name => System.IO.Path.GetFileNameWithoutExtension(Path);

    /// <summary>First folder of the path: "runtime", "train", "tests" and so on.</summary>
    public string TopFolder => Path.Split('/')[0];

    public bool IsProduct => TopFolder is "runtime" or "train" or "export";

    public bool IsHost => Property("OutputType") == "Exe" || _xml.Root!.Attribute("Sdk")?.Value == "Microsoft.NET.Sdk.Web";

    /// <summary>Names of the referenced projects.</summary>
    public IReadOnlyList<string> ProjectReferences =>
        [.. _xml.Descendants("ProjectReference").Select(reference => System.IO.Path.GetFileNameWithoutExtension(reference.Attribute("Include")!.Value))];

    public IReadOnlyList<XElement> PackageReferences => [.. _xml.Descendants("PackageReference")];

    public IReadOnlyList<string> PackageNames => [.. PackageReferences.Select(package => package.Attribute("Include")?.Value ?? package.Attribute("Update")!.Value)];

    public string? Property(string name) => _xml.Descendants(name).LastOrDefault()?.Value;

    public override string ToString() => Path;
}
