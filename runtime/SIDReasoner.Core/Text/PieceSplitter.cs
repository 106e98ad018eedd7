using System.Globalization;
using System.Text.RegularExpressions;

namespace SIDReasoner.Core.Text;

/// <summary>The pre-tokenizer: steps that cut text into the pieces within which merges happen.</summary>
internal sealed class PieceSplitter
{
    /// <summary>GPT-2's pattern, which the ByteLevel step uses unless told not to.</summary>
    public const string Gpt2Pattern = @"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";

    private readonly List<Func<string, IEnumerable<string>>> _steps = [];

    /// <summary>Matches and what lies between them are pieces.</summary>
    public void AddPattern(string pattern)
    {
        var regex = new Regex(pattern, RegexOptions.CultureInvariant | RegexOptions.Compiled);
        _steps.Add(text => SplitByPattern(text, regex));
    }

    /// <summary>Numbers stand apart from the rest: each by itself, or runs of them.</summary>
    public void AddDigits(bool individual) => _steps.Add(text => SplitDigits(text, individual));

    /// <summary>A blank goes in front of a piece that has none.</summary>
    public void AddPrefixSpace() => _steps.Add(text => [text.StartsWith(' ') ? text : ' ' + text]);

    /// <summary>The pieces of a text, in order.</summary>
    public IEnumerable<string> Split(string text)
    {
        IEnumerable<string> pieces = [text];
        foreach (var step in _steps)
            pieces = pieces.SelectMany(step);
        return pieces;
    }

    private static IEnumerable<string> SplitByPattern(string text, Regex regex)
    {
        var shadow = new ShadowText(text);
        var pieces = new List<string>();
        var start = 0;
        foreach (var match in regex.EnumerateMatches(shadow.Text))
        {
            if (match.Index > start)
                pieces.Add(shadow.Slice(start, match.Index));
            if (match.Length > 0)
                pieces.Add(shadow.Slice(match.Index, match.Index + match.Length));
            start = match.Index + match.Length;
        }

        if (start < shadow.Text.Length)
            pieces.Add(shadow.Slice(start, shadow.Text.Length));
        return pieces;
    }

    private static IEnumerable<string> SplitDigits(string text, bool individual)
    {
        var shadow = new ShadowText(text);
        var pieces = new List<string>();
        var start = 0;
        for (var at = 0; at <= shadow.Text.Length; at++)
        {
            var ends = at == shadow.Text.Length || at == start ? at > start : IsNumber(shadow.Text[at]) != IsNumber(shadow.Text[at - 1]) || (individual && IsNumber(shadow.Text[at]));
            if (!ends)
                continue;
            pieces.Add(shadow.Slice(start, at));
            start = at;
        }

        return pieces;
    }

    private static bool IsNumber(char character) => char.GetUnicodeCategory(character) is
        UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber or UnicodeCategory.OtherNumber;
}
