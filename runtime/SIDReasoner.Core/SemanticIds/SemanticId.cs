using System.Diagnostics.CodeAnalysis;

namespace SIDReasoner.Core.SemanticIds;

/// <summary>An item's tuple of codes, as the texts of its SID tokens: <c>&lt;a_12&gt;&lt;b_3&gt;&lt;c_7&gt;</c>. Immutable.</summary>
/// <remarks>
/// Order is by tokens as strings, by code point. A token is any text in angle brackets without blanks or further brackets; the reference's are a level letter,
/// an underscore and a decimal code. Source: SIDReasoner (arXiv:2603.23183), section 3; MiniOneRec's index.json.
/// </remarks>
public sealed class SemanticId : IEquatable<SemanticId>, IComparable<SemanticId>
{
    private readonly string[] _tokens;
    private readonly string _text;

    /// <summary>A SID from the texts of its tokens, first level first.</summary>
    /// <exception cref="SidReasonerException">There is no token, or one is not of the form <c>&lt;...&gt;</c>.</exception>
    public SemanticId(IEnumerable<string> tokens)
    {
        _tokens = [.. tokens];
        if (_tokens.Length == 0)
            throw new SidReasonerException("A SID is empty; expected at least one token such as '<a_12>'.");
        foreach (var token in _tokens)
        {
            if (!IsToken(token))
                throw new SidReasonerException($"'{token}' is no SID token; expected one such as '<a_12>'.");
        }

        _text = string.Concat(_tokens);
    }

    /// <summary>The texts of the tokens, first level first; at least one.</summary>
    public IReadOnlyList<string> Tokens => _tokens;

    /// <summary>Number of tokens.</summary>
    public int Depth => _tokens.Length;

    /// <summary>Reads the joined form, <c>&lt;a_12&gt;&lt;b_3&gt;&lt;c_7&gt;</c>; blanks around it are ignored.</summary>
    /// <exception cref="SidReasonerException">It is empty or has anything else in it.</exception>
    public static SemanticId Parse(string text) => TryParse(text, out var sid)
        ? sid
        : throw new SidReasonerException($"'{text}' is no SID; expected tokens such as '<a_12><b_3><c_7>'.");

    /// <summary>Reads the joined form; false where <see cref="Parse"/> would throw.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, [NotNullWhen(true)] out SemanticId? sid)
    {
        sid = null;
        var rest = text.AsSpan().Trim();
        var tokens = new List<string>(4);
        while (rest.Length > 0)
        {
            var end = rest.IndexOf('>');
            if (end < 0 || !IsToken(rest[..(end + 1)]))
                return false;
            tokens.Add(rest[..(end + 1)].ToString());
            rest = rest[(end + 1)..];
        }

        if (tokens.Count == 0)
            return false;
        sid = new SemanticId(tokens);
        return true;
    }

    /// <summary>Whether this SID is another's first tokens, and shorter.</summary>
    public bool IsProperPrefixOf(SemanticId other) => Depth < other.Depth && other._tokens.AsSpan(0, Depth).SequenceEqual(_tokens);

    /// <inheritdoc/>
    public bool Equals(SemanticId? other) => other is not null && _text == other._text;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as SemanticId);

    /// <inheritdoc/>
    public override int GetHashCode() => _text.GetHashCode(StringComparison.Ordinal);

    /// <summary>By tokens, each as a string by code point; a prefix comes first.</summary>
    public int CompareTo(SemanticId? other)
    {
        if (other is null)
            return 1;
        for (var level = 0; level < Math.Min(Depth, other.Depth); level++)
        {
            var order = CodePointComparer.Instance.Compare(_tokens[level], other._tokens[level]);
            if (order != 0)
                return order;
        }

        return Depth.CompareTo(other.Depth);
    }

    /// <summary>The joined form, which <see cref="Parse"/> reads.</summary>
    public override string ToString() => _text;

    private static bool IsToken(ReadOnlySpan<char> token)
    {
        if (token.Length < 3 || token[0] != '<' || token[^1] != '>')
            return false;
        foreach (var character in token[1..^1])
        {
            if (character is '<' or '>' || char.IsWhiteSpace(character) || char.IsControl(character))
                return false;
        }

        return true;
    }
}
