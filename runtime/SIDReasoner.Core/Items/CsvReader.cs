using System.Text;

namespace SIDReasoner.Core.Items;

/// <summary>Reads comma-separated values as RFC 4180 defines them; lines may end in LF or CRLF, quoted fields may hold either.</summary>
/// <remarks>Streams: holds one record. Not for several threads.</remarks>
internal sealed class CsvReader(TextReader text)
{
    private readonly StringBuilder _field = new();
    private readonly char[] _buffer = new char[1 << 16];
    private int _at;
    private int _filled;
    private int _nextLine = 1;

    /// <summary>The line on which the record read last began, from 1.</summary>
    public int Line { get; private set; }

    /// <summary>Reads a record into <paramref name="fields"/>; empty lines are skipped.</summary>
    /// <returns>False at the end of the file.</returns>
    /// <exception cref="FormatException">A quote is not closed, or text follows a closing quote.</exception>
    public bool Read(List<string> fields)
    {
        fields.Clear();
        do
        {
            Line = _nextLine;
            if (Peek() < 0)
                return false;
        }
        while (SkipEmptyLine());
        while (true)
        {
            fields.Add(Peek() == '"' ? Quoted() : Plain());
            var next = Next();
            if (next == ',')
                continue;
            if (next == '\r' && Peek() == '\n')
                next = Next();
            if (next is '\n' or '\r' or < 0)
                return true;
            throw new FormatException($"'{(char)next}' follows a closing quote; expected a comma or the end of the line");
        }
    }

    private bool SkipEmptyLine()
    {
        if (Peek() == '\r')
        {
            Next();
            if (Peek() != '\n')
                _nextLine++;
            else
                Next();
            return true;
        }

        return Peek() == '\n' && Next() == '\n';
    }

    private string Plain()
    {
        _field.Clear();
        while (Peek() is var next && next is not (',' or '\n' or '\r' or < 0))
            _field.Append((char)Next());
        return _field.ToString();
    }

    private string Quoted()
    {
        _field.Clear();
        Next();
        while (true)
        {
            var next = Next();
            if (next < 0)
                throw new FormatException("a quoted field is not closed before the end of the file");
            if (next != '"')
                _field.Append((char)next);
            else if (Peek() == '"')
                _field.Append((char)Next());
            else
                return _field.ToString();
        }
    }

    private int Peek()
    {
        if (_at == _filled)
        {
            _filled = text.Read(_buffer, 0, _buffer.Length);
            _at = 0;
        }

        return _filled == 0 ? -1 : _buffer[_at];
    }

    private int Next()
    {
        var next = Peek();
        if (next >= 0)
            _at++;
        if (next == '\n')
            _nextLine++;
        return next;
    }
}
