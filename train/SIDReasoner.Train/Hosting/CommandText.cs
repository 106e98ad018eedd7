using System.CommandLine;
using System.CommandLine.Parsing;

namespace SIDReasoner.Train.Hosting;

/// <summary>Repeats a command in a report without naming the machine's folders.</summary>
internal static class CommandText
{
    /// <summary>The command as typed; values of the given options are cut to their last name.</summary>
    public static string Of(string program, ParseResult parsed, params Option[] paths)
    {
        var words = new List<string> { program };
        bool isPath = false;
        foreach (Token token in parsed.Tokens)
        {
            words.Add(isPath ? Path.GetFileName(Path.TrimEndingDirectorySeparator(token.Value)) : token.Value);
            isPath = token.Type == TokenType.Option && paths.Any(option => option.Name == token.Value || option.Aliases.Contains(token.Value));
        }

        return string.Join(' ', words);
    }
}
