using System.Globalization;
using System.Text;

namespace SIDReasoner.Core.Items;

/// <summary>Reads a Python list literal of strings and whole numbers, as <c>str(list)</c> writes it: <c>['a', "b's", 12]</c>.</summary>
internal static class PythonList
{
    /// <summary>The elements as text. False where the text is no such list; <paramref name="problem"/> says why.</summary>
    public static bool TryParse(string text, List<string> elements, out string problem)
    {
        elements.Clear();
        var at = 0;
        SkipBlanks(text, ref at);
        if (at == text.Length || text[at] != '[')
            return Fail("expected '[' at the start", out problem);
        at++;
        SkipBlanks(text, ref at);
        while (at < text.Length && text[at] != ']')
        {
            if (!TryElement(text, ref at, elements, out problem))
                return false;
            SkipBlanks(text, ref at);
            if (at < text.Length && text[at] == ',')
                at++;
            else if (at < text.Length && text[at] != ']')
                return Fail($"expected ',' or ']' at character {at + 1}", out problem);
            SkipBlanks(text, ref at);
        }

        if (at == text.Length)
            return Fail("expected ']' at the end", out problem);
        at++;
        SkipBlanks(text, ref at);
        return at == text.Length ? Succeed(out problem) : Fail($"unexpected text at character {at + 1}", out problem);
    }

    private static bool TryElement(string text, ref int at, List<string> elements, out string problem)
    {
        if (text[at] is '\'' or '"')
            return TryString(text, ref at, elements, out problem);
        var start = at;
        while (at < text.Length && (char.IsAsciiDigit(text[at]) || (at == start && text[at] == '-')))
            at++;
        if (at == start)
            return Fail($"expected a string or a number at character {start + 1}", out problem);
        elements.Add(text[start..at]);
        return Succeed(out problem);
    }

    private static bool TryString(string text, ref int at, List<string> elements, out string problem)
    {
        var quote = text[at++];
        var value = new StringBuilder();
        while (at < text.Length && text[at] != quote)
        {
            if (text[at] != '\\')
                value.Append(text[at++]);
            else if (!TryEscape(text, ref at, value))
                return Fail($"unknown escape at character {at + 1}", out problem);
        }

        if (at == text.Length)
            return Fail("a string is not closed", out problem);
        at++;
        elements.Add(value.ToString());
        return Succeed(out problem);
    }

    private static bool TryEscape(string text, ref int at, StringBuilder value)
    {
        if (at + 1 == text.Length)
            return false;
        var kind = text[at + 1];
        var digits = kind switch
        {
            'x' => 2,
            'u' => 4,
            'U' => 8,
            _ => 0,
        };
        if (digits > 0)
        {
            if (at + 2 + digits > text.Length
                || !int.TryParse(text.AsSpan(at + 2, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var code)
                || !Rune.TryCreate(code, out var rune))
                return false;
            value.Append(rune.ToString());
            at += 2 + digits;
            return true;
        }

        char? plain = kind switch
        {
            '\'' or '"' or '\\' => kind,
            'n' => '\n',
            't' => '\t',
            'r' => '\r',
            _ => null,
        };
        if (plain is null)
            return false;
        value.Append(plain.Value);
        at += 2;
        return true;
    }

    private static void SkipBlanks(string text, ref int at)
    {
        while (at < text.Length && char.IsWhiteSpace(text[at]))
            at++;
    }

    private static bool Succeed(out string problem)
    {
        problem = "";
        return true;
    }

    private static bool Fail(string why, out string problem)
    {
        problem = why;
        return false;
    }
}
