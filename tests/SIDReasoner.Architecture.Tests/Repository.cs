using SIDReasoner.TestSupport;

namespace SIDReasoner.Architecture.Tests;

/// <summary>The repository's own files: what git would track, without asking git.</summary>
internal static class Repository
{
    private static readonly string[] s_generated =
        ["bin", "obj", ".git", ".vs", ".vscode", ".idea", "build", "artifacts", "out", "TestResults", "BenchmarkDotNet.Artifacts", "work-data", "StrykerOutput"];

    private static readonly string[] s_text =
        [".cs", ".csproj", ".sln", ".props", ".targets", ".json", ".md", ".sh", ".txt", ".h", ".cpp", ".cu", ".c", ".cmake", ".yml", ".yaml", ".editorconfig", ".gitignore", ""];

    public static string Root { get; } = GoldenCases.RepositoryRoot();

    /// <summary>Full paths, in order of name.</summary>
    public static IReadOnlyList<string> Files { get; } = [.. Walk(new DirectoryInfo(Root)).Order(StringComparer.Ordinal)];

    public static IEnumerable<string> TextFiles => Files.Where(path => s_text.Contains(Path.GetExtension(path)) && new FileInfo(path).Length < 1 << 20);

    public static string Relative(string path) => Path.GetRelativePath(Root, path).Replace('\\', '/');

    private static IEnumerable<string> Walk(DirectoryInfo folder)
    {
        foreach (FileInfo file in folder.EnumerateFiles())
        {
            // A worktree's .git is a file that names its place.
            if (file.Name != ".git")
            {
                yield return file.FullName;
            }
        }

        foreach (DirectoryInfo child in folder.EnumerateDirectories())
        {
            if (s_generated.Contains(child.Name) || child.LinkTarget is not null)
            {
                continue;
            }

            foreach (string path in Walk(child))
            {
                yield return path;
            }
        }
    }
}
