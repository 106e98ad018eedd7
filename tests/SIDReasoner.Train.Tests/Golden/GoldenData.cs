using System.Text.Json;

namespace SIDReasoner.Train.Tests.Golden;

/// <summary>Finds the golden cases: the folder named by SIDR_GOLDEN, by default ../shared/data/golden beside the solution's folder.</summary>
internal static class GoldenData
{
    public const string Absent = "(none)";

    public static string Root { get; } = Environment.GetEnvironmentVariable("SIDR_GOLDEN") is { Length: > 0 } set
        ? set
        : Path.GetFullPath(Path.Combine(SolutionFolder(), "..", "shared", "data", "golden"));

    public static string Hf => Path.Combine(Root, "hf");

    /// <summary>One row a folder with a case.json below hf/FAMILY, named by its path; one row that skips where there is none.</summary>
    public static TheoryData<string> Cases(string family)
    {
        var cases = new TheoryData<string>();
        string folder = Path.Combine(Hf, family);
        if (Directory.Exists(folder))
        {
            foreach (string file in Directory.EnumerateFiles(folder, "case.json", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
            {
                cases.Add(Path.GetRelativePath(folder, Path.GetDirectoryName(file)!));
            }
        }

        if (!((IEnumerable<object[]>)cases).Any())
        {
            cases.Add(Absent);
        }

        return cases;
    }

    public static JsonElement Case(string family, string name, out string folder)
    {
        folder = Path.Combine(Hf, family, name);
        Skip.If(name == Absent, $"No golden cases in '{folder}': set SIDR_GOLDEN to the folder that holds 'hf'.");
        return Read(Path.Combine(folder, "case.json"));
    }

    public static JsonElement Read(string path)
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(path));
        return document.RootElement.Clone();
    }

    public static long[] Longs(this JsonElement array) => [.. array.EnumerateArray().Select(e => e.GetInt64())];

    public static int[] Ints(this JsonElement array) => [.. array.EnumerateArray().Select(e => e.GetInt32())];

    /// <summary>The largest absolute difference.</summary>
    public static float Distance(ReadOnlySpan<float> actual, ReadOnlySpan<float> expected)
    {
        Assert.Equal(expected.Length, actual.Length);
        float largest = 0;
        for (int i = 0; i < actual.Length; i++)
        {
            float difference = Math.Abs(actual[i] - expected[i]);
            largest = difference > largest || float.IsNaN(difference) ? difference : largest;
        }

        return largest;
    }

    private static string SolutionFolder()
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
}
