using System.Text;

namespace SIDReasoner.Core.Text.Jinja;

/// <summary>Strings as Python has them: counted, sliced and stripped by code point.</summary>
internal static class PythonText
{
    /// <summary>Python's str.isspace for one UTF-16 unit: Unicode blanks and the separators U+001C to U+001F.</summary>
    public static bool IsBlank(char c) => char.IsWhiteSpace(c) || c is >= '\u001C' and <= '\u001F';

    public static bool IsBlank(ReadOnlySpan<char> text)
    {
        foreach (char c in text)
        {
            if (!IsBlank(c))
                return false;
        }

        return true;
    }

    /// <summary>The length of a text without the blanks at its end.</summary>
    public static int TrimmedEnd(ReadOnlySpan<char> text)
    {
        int end = text.Length;
        while (end > 0 && IsBlank(text[end - 1]))
            end--;
        return end;
    }

    /// <summary>Strips blanks, or the code points of <paramref name="characters"/>, from the ends asked for.</summary>
    public static string Strip(string text, string? characters, bool start, bool end)
    {
        HashSet<int>? set = characters is null ? null : [.. characters.EnumerateRunes().Select(rune => rune.Value)];
        int from = 0;
        int to = text.Length;
        while (start && from < to && Rune.DecodeFromUtf16(text.AsSpan(from, to - from), out Rune first, out int used) is var _ && Matches(first))
            from += used;
        while (end && to > from && Rune.DecodeLastFromUtf16(text.AsSpan(from, to - from), out Rune last, out int taken) is var _ && Matches(last))
            to -= taken;
        return text[from..to];

        bool Matches(Rune rune) => set?.Contains(rune.Value) ?? (rune.IsBmp && IsBlank((char)rune.Value));
    }

    /// <summary>Code points of a text; a lone surrogate counts as one.</summary>
    public static int Length(string text)
    {
        int length = text.Length;
        for (int i = 0; i + 1 < text.Length; i++)
        {
            if (char.IsSurrogatePair(text[i], text[i + 1]))
            {
                length--;
                i++;
            }
        }

        return length;
    }

    /// <summary>The code points of a text, each as a string.</summary>
    public static List<string> CodePoints(string text)
    {
        var points = new List<string>(text.Length);
        for (int i = 0; i < text.Length; i++)
        {
            bool pair = i + 1 < text.Length && char.IsSurrogatePair(text[i], text[i + 1]);
            points.Add(pair ? text.Substring(i, 2) : text[i].ToString());
            if (pair)
                i++;
        }

        return points;
    }

    /// <summary>str.split and str.rsplit.</summary>
    /// <param name="text">The text.</param>
    /// <param name="separator">Null splits at runs of blanks and gives no empty parts.</param>
    /// <param name="most">The most cuts; negative for all.</param>
    /// <param name="fromEnd">Whether cuts are made from the end.</param>
    public static List<string> Split(string text, string? separator, long most, bool fromEnd)
    {
        if (separator is null)
            return SplitAtBlanks(text, most, fromEnd);
        var parts = new List<string>();
        string rest = text;
        while (most < 0 || parts.Count < most)
        {
            int at = fromEnd ? rest.LastIndexOf(separator, StringComparison.Ordinal) : rest.IndexOf(separator, StringComparison.Ordinal);
            if (at < 0)
                break;
            parts.Add(fromEnd ? rest[(at + separator.Length)..] : rest[..at]);
            rest = fromEnd ? rest[..at] : rest[(at + separator.Length)..];
        }

        parts.Add(rest);
        if (fromEnd)
            parts.Reverse();
        return parts;
    }

    /// <summary>str.splitlines without the line ends.</summary>
    public static List<string> Lines(string text)
    {
        var lines = new List<string>();
        int start = 0;
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] is not ('\n' or '\r' or '\v' or '\f' or '\u001C' or '\u001D' or '\u001E' or '\u0085' or '\u2028' or '\u2029'))
                continue;
            lines.Add(text[start..i]);
            if (text[i] == '\r' && i + 1 < text.Length && text[i + 1] == '\n')
                i++;
            start = i + 1;
        }

        if (start < text.Length)
            lines.Add(text[start..]);
        return lines;
    }

    /// <summary>str.title: a letter behind a letter is small, any other is capital.</summary>
    public static string Title(string text)
    {
        var result = new StringBuilder(text.Length);
        bool inWord = false;
        foreach (Rune rune in text.EnumerateRunes())
        {
            result.Append(inWord ? Rune.ToLowerInvariant(rune) : Rune.ToUpperInvariant(rune));
            inWord = Rune.IsLetter(rune);
        }

        return result.ToString();
    }

    /// <summary>str.capitalize: the first letter capital, all others small.</summary>
    public static string Capitalize(string text)
    {
        if (text.Length == 0)
            return text;
        int first = char.IsSurrogatePair(text, 0) ? 2 : 1;
        return text[..first].ToUpperInvariant() + text[first..].ToLowerInvariant();
    }

    private static List<string> SplitAtBlanks(string text, long most, bool fromEnd)
    {
        var parts = new List<string>();
        string rest = Strip(text, null, start: !fromEnd, end: fromEnd);
        while (rest.Length > 0)
        {
            int at = -1;
            for (int i = 0; i < rest.Length && at < 0; i++)
            {
                int place = fromEnd ? rest.Length - 1 - i : i;
                if (IsBlank(rest[place]))
                    at = place;
            }

            if (at < 0 || (most >= 0 && parts.Count >= most))
            {
                parts.Add(rest);
                break;
            }

            parts.Add(fromEnd ? rest[(at + 1)..] : rest[..at]);
            rest = Strip(fromEnd ? rest[..at] : rest[(at + 1)..], null, start: !fromEnd, end: fromEnd);
        }

        if (fromEnd)
            parts.Reverse();
        return parts;
    }
}
