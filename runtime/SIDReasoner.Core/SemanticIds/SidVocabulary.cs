using System.Collections.Frozen;

namespace SIDReasoner.Core.SemanticIds;

/// <summary>SID token text to token id and back, and each token's column in the SID head.</summary>
/// <remarks>Columns number the SID token ids in ascending order: column c is <c>TokenIds[c]</c>. Immutable; any number of threads.</remarks>
public sealed class SidVocabulary
{
    private readonly FrozenDictionary<string, int> _idOfToken;
    private readonly int[] _ids;
    private readonly string[] _tokens;

    /// <summary>A vocabulary from token text -> id.</summary>
    /// <exception cref="SidReasonerException">Two tokens share an id, or an id is negative.</exception>
    public SidVocabulary(IReadOnlyDictionary<string, int> idOfToken)
    {
        ArgumentNullException.ThrowIfNull(idOfToken);
        var ordered = idOfToken.OrderBy(pair => pair.Value).ToArray();
        _ids = [.. ordered.Select(pair => pair.Value)];
        _tokens = [.. ordered.Select(pair => pair.Key)];
        for (var i = 0; i < _ids.Length; i++)
        {
            if (_ids[i] < 0)
                throw new SidReasonerException($"SID token '{_tokens[i]}' has id {_ids[i]}; expected 0 or more.");
            if (i > 0 && _ids[i] == _ids[i - 1])
                throw new SidReasonerException($"SID tokens '{_tokens[i - 1]}' and '{_tokens[i]}' share id {_ids[i]}; expected an id each.");
        }

        _idOfToken = ordered.ToFrozenDictionary(StringComparer.Ordinal);
    }

    /// <summary>Number of SID tokens: the columns of the SID head (S).</summary>
    public int Count => _ids.Length;

    /// <summary>Token ids, ascending: the id of each column.</summary>
    public IReadOnlyList<int> TokenIds => _ids;

    /// <summary>Token ids as a span, for copying into native buffers.</summary>
    public ReadOnlySpan<int> TokenIdSpan => _ids;

    /// <summary>Texts, in the order of <see cref="TokenIds"/>.</summary>
    public IReadOnlyList<string> Tokens => _tokens;

    /// <summary>Whether the ids follow one another without a gap, so that the SID columns are one slice of the head. True when empty.</summary>
    public bool IsContiguous => _ids.Length == 0 || _ids[^1] - _ids[0] == _ids.Length - 1;

    /// <summary>The reference's vocabulary: all tokens that occur, sorted as strings by code point, numbered from <paramref name="firstId"/>.</summary>
    /// <remarks>Source: SIDReasoner sft_Qwen3.py, get_new_tokens. So <c>&lt;a_10&gt;</c> comes before <c>&lt;a_2&gt;</c>.</remarks>
    public static SidVocabulary Append(IEnumerable<SemanticId> sids, int firstId)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(firstId);
        var tokens = sids.SelectMany(sid => sid.Tokens).Distinct(StringComparer.Ordinal).Order(CodePointComparer.Instance);
        return new SidVocabulary(tokens.Select((token, index) => (token, index)).ToDictionary(pair => pair.token, pair => firstId + pair.index, StringComparer.Ordinal));
    }

    /// <summary>The id of a token's text.</summary>
    public bool TryGetId(string token, out int id) => _idOfToken.TryGetValue(token, out id);

    /// <summary>The text of a token id.</summary>
    /// <exception cref="ArgumentException">The id is no SID token.</exception>
    public string TokenText(int id)
    {
        var column = ColumnOf(id);
        return column >= 0 ? _tokens[column] : throw new ArgumentException($"Token id {id} is no SID token.", nameof(id));
    }

    /// <summary>The column of a token id, or -1 where it is no SID token. O(log S); O(1) where the ids are contiguous.</summary>
    public int ColumnOf(int tokenId)
    {
        if (IsContiguous)
            return _ids.Length > 0 && (uint)(tokenId - _ids[0]) < (uint)_ids.Length ? tokenId - _ids[0] : -1;
        var column = Array.BinarySearch(_ids, tokenId);
        return column >= 0 ? column : -1;
    }

    /// <summary>The token ids of a SID, first level first.</summary>
    /// <exception cref="SidReasonerException">A token is unknown; the message names it.</exception>
    public int[] Encode(SemanticId sid)
    {
        var ids = new int[sid.Depth];
        for (var level = 0; level < ids.Length; level++)
        {
            if (!_idOfToken.TryGetValue(sid.Tokens[level], out ids[level]))
                throw new SidReasonerException($"SID '{sid}' has token '{sid.Tokens[level]}', which is none of the vocabulary's {Count} SID tokens. Use the catalog the model was trained on.");
        }

        return ids;
    }

    /// <summary>The SID that token ids spell.</summary>
    /// <exception cref="ArgumentException">An id is no SID token, or there is none.</exception>
    public SemanticId Decode(ReadOnlySpan<int> ids)
    {
        if (ids.IsEmpty)
            throw new ArgumentException("There are no token ids; a SID has at least one.", nameof(ids));
        var tokens = new string[ids.Length];
        for (var level = 0; level < ids.Length; level++)
            tokens[level] = TokenText(ids[level]);
        return new SemanticId(tokens);
    }
}
