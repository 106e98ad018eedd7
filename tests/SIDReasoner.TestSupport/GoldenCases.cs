using Xunit;

namespace SIDReasoner.TestSupport;

/// <summary>
/// Where golden files and shared data lie: <c>SIDR_GOLDEN</c> (default ../shared/data/golden) and <c>SIDR_DATA</c> (default
/// ../shared/data), both defaults relative to the folder of SIDReasoner.sln. Tests run whatever case folders they find there.
/// </summary>
public static class GoldenCases
{
    /// <summary>The row of a family that is absent: its test skips and says why.</summary>
    public const string Absent = "";

    /// <summary>The golden files' root.</summary>
    public static string Root { get; } = FromEnvironment("SIDR_GOLDEN", "../shared/data/golden");

    /// <summary>The shared data's root: tokenizer, catalogues, models.</summary>
    public static string DataRoot { get; } = FromEnvironment("SIDR_DATA", "../shared/data");

    /// <summary>Case folders below <see cref="Root"/>, one theory row each.</summary>
    /// <param name="patterns">Patterns such as "hf/beams/*/*"; a star stands for one folder name.</param>
    /// <returns>Folders relative to the root, sorted; one row <see cref="Absent"/> where there is none.</returns>
    public static TheoryData<string> Folders(params string[] patterns) => Rows(Root, patterns);

    /// <summary>Case folders below <see cref="DataRoot"/>, one theory row each.</summary>
    /// <param name="patterns">As for <see cref="Folders"/>.</param>
    /// <returns>Folders relative to the root, sorted; one row <see cref="Absent"/> where there is none.</returns>
    public static TheoryData<string> DataFolders(params string[] patterns) => Rows(DataRoot, patterns);

    /// <summary>The full path of a case folder of <see cref="Folders"/>; skips the test where the family is absent.</summary>
    /// <param name="folder">A theory row.</param>
    /// <returns>The folder's path.</returns>
    public static string Require(string folder)
    {
        Skip.If(folder == Absent, $"No golden cases of this family in '{Root}'; set SIDR_GOLDEN to their folder.");
        return Path.Combine(Root, folder);
    }

    /// <summary>The full path of something below <see cref="DataRoot"/>; skips the test where it is absent.</summary>
    /// <param name="path">A path relative to the data root.</param>
    /// <returns>The full path.</returns>
    public static string RequireData(string path)
    {
        string full = Path.Combine(DataRoot, path);
        Skip.IfNot(path != Absent && (File.Exists(full) || Directory.Exists(full)), $"'{path}' is not in '{DataRoot}'; set SIDR_DATA to the shared data's folder.");
        return full;
    }

    /// <summary>The folder of SIDReasoner.sln.</summary>
    /// <returns>The repository's root.</returns>
    public static string RepositoryRoot()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "SIDReasoner.sln")))
            {
                return folder.FullName;
            }
        }

        throw new InvalidOperationException($"No SIDReasoner.sln above '{AppContext.BaseDirectory}'.");
    }

    private static string FromEnvironment(string variable, string standard)
    {
        string? value = Environment.GetEnvironmentVariable(variable);
        return Path.GetFullPath(string.IsNullOrEmpty(value) ? Path.Combine(RepositoryRoot(), standard) : value);
    }

    private static TheoryData<string> Rows(string root, string[] patterns)
    {
        List<string> folders = [.. patterns.SelectMany(pattern => Expand(root, pattern)).Select(folder => Path.GetRelativePath(root, folder)).Order(StringComparer.Ordinal)];
        var rows = new TheoryData<string>();
        foreach (string folder in folders.Count > 0 ? folders : [Absent])
        {
            rows.Add(folder);
        }

        return rows;
    }

    private static IEnumerable<string> Expand(string root, string pattern)
    {
        IEnumerable<string> folders = [root];
        foreach (string part in pattern.Split('/'))
        {
            folders = folders.Where(Directory.Exists).SelectMany(folder => Directory.GetDirectories(folder, part)).ToList();
        }

        return folders;
    }
}
