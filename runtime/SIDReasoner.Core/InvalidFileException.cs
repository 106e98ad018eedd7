using System.Text;

namespace SIDReasoner.Core;

/// <summary>A file or folder that cannot be used, with every problem found in it.</summary>
public sealed class InvalidFileException : SidReasonerException
{
    /// <summary>Most problems that <see cref="Exception.Message"/> spells out; <see cref="Problems"/> has all.</summary>
    public const int ProblemsShown = 20;

    /// <summary>An error about one file or folder.</summary>
    /// <param name="path">The file or folder as the caller named it.</param>
    /// <param name="problems">At least one sentence: what, found, expected.</param>
    public InvalidFileException(string path, IReadOnlyList<string> problems)
        : base(Describe(path, problems))
    {
        Path = path;
        Problems = [.. problems];
    }

    /// <summary>An error about one file or folder with a single problem.</summary>
    public InvalidFileException(string path, string problem)
        : this(path, [problem])
    {
    }

    /// <summary>The file or folder as the caller named it.</summary>
    public string Path { get; }

    /// <summary>Every problem found, in the order of the file. Never empty.</summary>
    public IReadOnlyList<string> Problems { get; }

    private static string Describe(string path, IReadOnlyList<string> problems)
    {
        ArgumentNullException.ThrowIfNull(path);
        ArgumentOutOfRangeException.ThrowIfZero(problems.Count, nameof(problems));
        if (problems.Count == 1)
            return $"'{path}': {problems[0]}";
        var text = new StringBuilder($"'{path}' has {problems.Count} problems:");
        foreach (var problem in problems.Take(ProblemsShown))
            text.Append("\n  ").Append(problem);
        if (problems.Count > ProblemsShown)
            text.Append($"\n  and {problems.Count - ProblemsShown} more");
        return text.ToString();
    }
}
