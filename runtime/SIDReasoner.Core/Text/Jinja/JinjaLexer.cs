using System.Globalization;
using System.Text;

namespace SIDReasoner.Core.Text.Jinja;

/// <summary>
/// Cuts a template into tokens under the settings that transformers gives Jinja: trim_blocks (a newline behind a block tag goes),
/// lstrip_blocks (blanks before a block tag at the start of a line go), no newline at the end of the template.
/// </summary>
internal sealed class JinjaLexer
{
    private static readonly string[] s_operators =
        ["//", "**", "==", "!=", ">=", "<=", "+", "-", "/", "*", "%", "~", "[", "]", "(", ")", "{", "}", ">", "<", "=", ".", ":", "|", ",", ";"];

    private readonly JinjaSource _source;
    private readonly string _text;
    private readonly List<JinjaToken> _tokens = [];
    private int _at;

    private JinjaLexer(JinjaSource source)
    {
        _source = source;
        _text = source.Text;
    }

    /// <summary>All tokens, the last of them <see cref="JinjaTokenKind.End"/>.</summary>
    /// <exception cref="ChatTemplateException">A tag or string without end, or a character that no token has.</exception>
    public static List<JinjaToken> Tokenize(JinjaSource source)
    {
        var lexer = new JinjaLexer(source);
        lexer.ReadAll();
        return lexer._tokens;
    }

    private void ReadAll()
    {
        bool atLineStart = true;
        while (true)
        {
            int tag = NextTag(_at);
            if (tag < 0)
            {
                Data(_text[_at..], _at);
                Add(JinjaTokenKind.End, "", _text.Length);
                return;
            }

            char kind = _text[tag + 1];
            char sign = tag + 2 < _text.Length && _text[tag + 2] is '-' or '+' ? _text[tag + 2] : ' ';
            Data(BeforeTag(_text[_at..tag], kind, sign, atLineStart), _at);
            _at = tag + (sign == ' ' ? 2 : 3);
            switch (kind)
            {
                case '#':
                    SkipComment(tag);
                    break;
                case '%' when TryReadRaw(tag):
                    break;
                case '%':
                    Add(JinjaTokenKind.BlockBegin, "{%", tag);
                    ReadTag(tag, "%}", JinjaTokenKind.BlockEnd);
                    break;
                default:
                    Add(JinjaTokenKind.PrintBegin, "{{", tag);
                    ReadTag(tag, "}}", JinjaTokenKind.PrintEnd);
                    break;
            }

            atLineStart = _text[_at - 1] == '\n';
        }
    }

    private int NextTag(int from)
    {
        for (int at = from; at + 1 < _text.Length; at++)
        {
            if (_text[at] == '{' && _text[at + 1] is '{' or '%' or '#')
                return at;
        }

        return -1;
    }

    private static string BeforeTag(string text, char kind, char sign, bool atLineStart)
    {
        if (sign == '-')
            return text[..PythonText.TrimmedEnd(text)];
        if (sign == '+' || kind == '{')
            return text;
        int lineStart = text.LastIndexOf('\n') + 1;
        bool onlyBlanks = lineStart < text.Length && PythonText.IsBlank(text.AsSpan(lineStart));
        return onlyBlanks && (lineStart > 0 || atLineStart) ? text[..lineStart] : text;
    }

    private void SkipComment(int tag)
    {
        int end = _text.IndexOf("#}", _at, StringComparison.Ordinal);
        if (end < 0)
            throw _source.Error(tag, "a comment '{#' has no '#}'.");
        char sign = end > _at && _text[end - 1] is '-' or '+' ? _text[end - 1] : ' ';
        _at = end + 2;
        AfterBlock(sign);
    }

    private bool TryReadRaw(int tag)
    {
        int at = SkipBlanks(_at);
        if (!Word(at, "raw"))
            return false;
        at = SkipBlanks(at + 3);
        bool strips = at < _text.Length && _text[at] == '-';
        if (strips)
            at++;
        if (string.CompareOrdinal(_text, at, "%}", 0, 2) != 0)
            return false;
        at += 2;
        int bodyStart = strips ? SkipBlanks(at) : at;
        for (int search = bodyStart; ; search += 2)
        {
            search = _text.IndexOf("{%", search, StringComparison.Ordinal);
            if (search < 0)
                throw _source.Error(tag, "'{% raw %}' has no '{% endraw %}'.");
            char sign = search + 2 < _text.Length && _text[search + 2] is '-' or '+' ? _text[search + 2] : ' ';
            int word = SkipBlanks(search + (sign == ' ' ? 2 : 3));
            if (!Word(word, "endraw"))
                continue;
            int end = SkipBlanks(word + 6);
            char endSign = end < _text.Length && _text[end] is '-' or '+' ? _text[end] : ' ';
            if (endSign != ' ')
                end++;
            if (string.CompareOrdinal(_text, end, "%}", 0, 2) != 0)
                continue;
            Data(BeforeTag(_text[bodyStart..search], '%', sign, atLineStart: false), bodyStart);
            _at = end + 2;
            AfterBlock(endSign);
            return true;
        }
    }

    private bool Word(int at, string word) => string.CompareOrdinal(_text, at, word, 0, word.Length) == 0;

    private int SkipBlanks(int at)
    {
        while (at < _text.Length && PythonText.IsBlank(_text[at]))
            at++;
        return at;
    }

    /// <summary>Blanks behind a block tag or comment: all for '-', one newline for none, nothing for '+'.</summary>
    private void AfterBlock(char sign)
    {
        if (sign == '-')
            _at = SkipBlanks(_at);
        else if (sign == ' ' && _at < _text.Length && _text[_at] == '\n')
            _at++;
    }

    private void ReadTag(int tag, string close, JinjaTokenKind closeKind)
    {
        var brackets = new Stack<char>();
        while (true)
        {
            _at = SkipBlanks(_at);
            if (_at >= _text.Length)
                throw _source.Error(tag, $"'{_text.AsSpan(tag, 2)}' has no '{close}'.");
            if (brackets.Count == 0 && TryReadClose(close, closeKind))
                return;
            char c = _text[_at];
            if (c is '\'' or '"')
                ReadString(c);
            else if (char.IsAsciiDigit(c))
                ReadNumber();
            else if (char.IsLetter(c) || c == '_')
                ReadName();
            else
                ReadOperator(brackets);
        }
    }

    private bool TryReadClose(string close, JinjaTokenKind closeKind)
    {
        char sign = _text[_at] is '-' or '+' ? _text[_at] : ' ';
        int at = sign == ' ' ? _at : _at + 1;
        bool isPrint = closeKind == JinjaTokenKind.PrintEnd;
        if (string.CompareOrdinal(_text, at, close, 0, 2) != 0 || (isPrint && sign == '+'))
            return false;
        Add(closeKind, close, _at);
        _at = at + 2;
        if (isPrint && sign == '-')
            _at = SkipBlanks(_at);
        else if (!isPrint)
            AfterBlock(sign);
        return true;
    }

    private void ReadName()
    {
        int start = _at;
        while (_at < _text.Length && (char.IsLetterOrDigit(_text[_at]) || _text[_at] == '_'))
            _at++;
        Add(JinjaTokenKind.Name, _text[start.._at], start);
    }

    private void ReadOperator(Stack<char> brackets)
    {
        foreach (string text in s_operators)
        {
            if (string.CompareOrdinal(_text, _at, text, 0, text.Length) != 0)
                continue;
            char c = text[0];
            if (c is '(' or '[' or '{')
                brackets.Push(c == '(' ? ')' : c == '[' ? ']' : '}');
            else if (c is ')' or ']' or '}' && (!brackets.TryPop(out char expected) || expected != c))
                throw _source.Error(_at, $"'{c}' closes nothing that is open here.");
            Add(JinjaTokenKind.Operator, text, _at);
            _at += text.Length;
            return;
        }

        throw _source.Error(_at, $"the character '{_text[_at]}' has no meaning inside a tag.");
    }

    private void ReadNumber()
    {
        int start = _at;
        bool afterPoint = start > 0 && _text[start - 1] == '.';
        Digits();
        bool isFloat = false;
        if (!afterPoint && _at + 1 < _text.Length && _text[_at] == '.' && char.IsAsciiDigit(_text[_at + 1]))
        {
            isFloat = true;
            _at++;
            Digits();
        }

        if (!afterPoint && _at < _text.Length && _text[_at] is 'e' or 'E')
        {
            int exponent = _at + 1;
            if (exponent < _text.Length && _text[exponent] is '+' or '-')
                exponent++;
            if (exponent < _text.Length && char.IsAsciiDigit(_text[exponent]))
            {
                isFloat = true;
                _at = exponent;
                Digits();
            }
        }

        string text = _text[start.._at];
        string plain = text.Replace("_", "", StringComparison.Ordinal);
        if (isFloat)
            Add(JinjaTokenKind.Float, text, start, double.Parse(plain, CultureInfo.InvariantCulture));
        else if (long.TryParse(plain, NumberStyles.None, CultureInfo.InvariantCulture, out long value) && (plain[0] != '0' || value == 0) && (_at >= _text.Length || !char.IsLetter(_text[_at])))
            Add(JinjaTokenKind.Integer, text, start, value);
        else
            throw _source.Error(start, $"'{text}' is no number that this program reads; expected decimal digits, at most 18.");
    }

    private void Digits()
    {
        while (_at < _text.Length && (char.IsAsciiDigit(_text[_at]) || _text[_at] == '_'))
            _at++;
    }

    private void ReadString(char quote)
    {
        int start = _at++;
        var text = new StringBuilder();
        while (true)
        {
            if (_at >= _text.Length)
                throw _source.Error(start, $"a string opened by {quote} is not closed.");
            char c = _text[_at++];
            if (c == quote)
                break;
            if (c == '\\')
                ReadEscape(text);
            else
                text.Append(c);
        }

        Add(JinjaTokenKind.String, text.ToString(), start);
    }

    private void ReadEscape(StringBuilder text)
    {
        int start = _at - 1;
        if (_at >= _text.Length)
            throw _source.Error(start, "a string ends inside an escape.");
        char c = _text[_at++];
        switch (c)
        {
            case '\n':
                break;
            case '\\' or '\'' or '"':
                text.Append(c);
                break;
            case 'n' or 't' or 'r' or 'a' or 'b' or 'f' or 'v':
                text.Append("\n\t\r\a\b\f\v"["ntrabfv".IndexOf(c, StringComparison.Ordinal)]);
                break;
            case 'x' or 'u' or 'U':
                ReadHex(text, start, c == 'x' ? 2 : c == 'u' ? 4 : 8);
                break;
            case >= '0' and <= '7':
                int value = c - '0';
                for (int digits = 1; digits < 3 && _at < _text.Length && _text[_at] is >= '0' and <= '7'; digits++)
                    value = (value * 8) + (_text[_at++] - '0');
                text.Append((char)value);
                break;
            case 'N':
                throw _source.Error(start, @"the escape '\N{..}' is not supported; write the character itself.");
            default:
                text.Append('\\').Append(c);
                break;
        }
    }

    private void ReadHex(StringBuilder text, int start, int length)
    {
        if (_at + length > _text.Length
            || !int.TryParse(_text.AsSpan(_at, length), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out int code) || code is < 0 or > 0x10FFFF)
            throw _source.Error(start, $"an escape needs {length} hexadecimal digits of a code point.");
        _at += length;
        if (code > 0xFFFF)
            text.Append(char.ConvertFromUtf32(code));
        else
            text.Append((char)code);
    }

    private void Data(string text, int at)
    {
        if (text.Length > 0)
            Add(JinjaTokenKind.Data, text, at);
    }

    private void Add(JinjaTokenKind kind, string text, int at, object? value = null) => _tokens.Add(new JinjaToken(kind, text, at, value));
}
