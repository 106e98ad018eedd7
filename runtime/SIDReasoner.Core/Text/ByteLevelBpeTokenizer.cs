using System.Text;
using Microsoft.ML.Tokenizers;
using SIDReasoner.Core.SemanticIds;

namespace SIDReasoner.Core.Text;

/// <summary>Text to token ids and back, as any byte-level BPE <c>tokenizer.json</c> says (Qwen, Llama 3, SmolLM, GPT-2 and ours).</summary>
/// <remarks>
/// Added tokens are cut out first: those that are not normalized from the raw text, the others after the normalizer; what lies between is split and merged.
/// No token is added in front or behind: post-processors are for whoever builds prompts. Immutable; any number of threads.
/// Source: huggingface/tokenizers, whose ids it gives. Merges by Microsoft.ML.Tokenizers. Normal forms need ICU: InvariantGlobalization must stay off.
/// </remarks>
public sealed class ByteLevelBpeTokenizer
{
    /// <summary>The file's name in a checkpoint folder.</summary>
    public const string FileName = "tokenizer.json";

    private readonly TokenizerDefinition _definition;
    private readonly BpeTokenizer? _merger;
    private readonly AddedTokenMatcher _rawTokens;
    private readonly AddedTokenMatcher _normalizedTokens;
    private readonly Dictionary<int, string> _textOfId = [];
    private readonly Dictionary<string, AddedToken> _addedOfText = new(StringComparer.Ordinal);
    private readonly Dictionary<int, AddedToken> _addedOfId = [];

    private ByteLevelBpeTokenizer(TokenizerDefinition definition, BpeTokenizer? merger)
    {
        _definition = definition;
        _merger = merger;
        foreach (var (text, id) in definition.Vocabulary)
            _textOfId[id] = text;
        foreach (var token in definition.AddedTokens)
        {
            _addedOfText[token.Content] = token;
            _addedOfId[token.Id] = token;
        }

        _rawTokens = new AddedTokenMatcher(definition.AddedTokens.Where(token => !token.IsNormalized).Select(token => (token.Content, token)));
        _normalizedTokens = new AddedTokenMatcher(definition.AddedTokens.Where(token => token.IsNormalized).Select(token => (Normalize(token.Content), token)));
        VocabSize = Math.Max(_textOfId.Keys.DefaultIfEmpty(-1).Max(), _addedOfId.Keys.DefaultIfEmpty(-1).Max()) + 1;
    }

    /// <summary>The largest token id plus 1. A model's embedding table may have more rows.</summary>
    public int VocabSize { get; }

    /// <summary>The tokens that are found whole, in the file's order.</summary>
    public IReadOnlyList<AddedToken> AddedTokens => _definition.AddedTokens;

    /// <summary>Whether text can be encoded: false for a vocabulary of control and SID tokens alone.</summary>
    public bool HasText => _merger is not null;

    /// <summary>Reads a tokenizer.json.</summary>
    /// <param name="path">The file, or a folder that holds it.</param>
    /// <exception cref="InvalidFileException">The file is damaged, or asks for what is not supported (named): every problem found.</exception>
    /// <exception cref="SidReasonerException">The file is missing or cannot be read.</exception>
    public static ByteLevelBpeTokenizer Load(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        var file = Directory.Exists(path) ? Path.Combine(path, FileName) : path;
        var definition = TokenizerJsonReader.Read(file);
        return new ByteLevelBpeTokenizer(definition, MakeMerger(definition));
    }

    /// <summary>The same tokenizer with tokens appended after the last id; those it already has are skipped.</summary>
    /// <param name="tokens">Texts, in the order of their ids. Not special, normalized: what transformers' add_tokens makes of strings.</param>
    public ByteLevelBpeTokenizer WithAddedTokens(IEnumerable<string> tokens)
    {
        var added = new List<AddedToken>(_definition.AddedTokens);
        var next = VocabSize;
        var known = new HashSet<string>(_definition.Vocabulary.Keys.Concat(_addedOfText.Keys), StringComparer.Ordinal);
        foreach (var token in tokens)
        {
            if (token.Length > 0 && known.Add(token))
                added.Add(new AddedToken(next++, token));
        }

        return new ByteLevelBpeTokenizer(_definition with { AddedTokens = added }, _merger);
    }

    /// <summary>The id of a token, by its own text (an added token's) or by its spelling in the vocabulary.</summary>
    public bool TryGetTokenId(string token, out int id)
    {
        if (_addedOfText.TryGetValue(token, out var added))
        {
            id = added.Id;
            return true;
        }

        return _definition.Vocabulary.TryGetValue(token, out id);
    }

    /// <summary>The id of a token.</summary>
    /// <exception cref="SidReasonerException">There is no such token.</exception>
    public int TokenId(string token) => TryGetTokenId(token, out var id)
        ? id
        : throw new SidReasonerException($"'{token}' is none of the tokenizer's tokens.");

    /// <summary>The ids of a catalogue's SID tokens.</summary>
    /// <exception cref="InvalidFileException">The tokenizer lacks some: every one named.</exception>
    public SidVocabulary SelectSidTokens(IEnumerable<SemanticId> sids)
    {
        var ids = new Dictionary<string, int>(StringComparer.Ordinal);
        var missing = new SortedSet<string>(CodePointComparer.Instance);
        foreach (var token in sids.SelectMany(sid => sid.Tokens))
        {
            if (ids.ContainsKey(token))
                continue;
            if (TryGetTokenId(token, out var id))
                ids[token] = id;
            else
                missing.Add(token);
        }

        if (missing.Count > 0)
            throw new InvalidFileException(FileName, [.. missing.Select(token => $"SID token '{token}' of the catalog is none of the tokenizer's {VocabSize} tokens. Use the catalog the model was trained on.")]);
        return new SidVocabulary(ids);
    }

    /// <summary>The ids of a text.</summary>
    /// <param name="text">Any text; lone surrogates count as U+FFFD. Added tokens written in it become those tokens.</param>
    /// <exception cref="SidReasonerException">The vocabulary has no text (<see cref="HasText"/>), and the text is more than added tokens.</exception>
    public int[] Encode(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var ids = new List<int>();
        foreach (var (raw, token) in _rawTokens.Split(WellFormed(text)))
        {
            if (token is not null)
                ids.Add(token.Id);
            else
                EncodeBetween(Normalize(raw!), ids);
        }

        return [.. ids];
    }

    /// <summary>The text of token ids.</summary>
    /// <param name="ids">Token ids of the vocabulary.</param>
    /// <param name="skipsSpecialTokens">Leaves special tokens out. SID tokens and think tags are not special.</param>
    /// <returns>The text; bytes that are not UTF-8 (a token that ends inside a character) become U+FFFD.</returns>
    /// <exception cref="ArgumentException">An id is outside the vocabulary.</exception>
    public string Decode(ReadOnlySpan<int> ids, bool skipsSpecialTokens = false)
    {
        var bytes = new List<byte>(ids.Length * 4);
        foreach (var id in ids)
            AppendBytes(id, bytes, skipsSpecialTokens);
        return Encoding.UTF8.GetString([.. bytes]);
    }

    /// <summary>Appends the UTF-8 bytes of one token, which may end inside a character.</summary>
    /// <param name="id">A token id of the vocabulary.</param>
    /// <param name="bytes">Receives the bytes.</param>
    /// <param name="skipsSpecialTokens">Leaves special tokens out.</param>
    /// <exception cref="ArgumentException">The id is outside the vocabulary.</exception>
    public void AppendBytes(int id, List<byte> bytes, bool skipsSpecialTokens = false)
    {
        ArgumentNullException.ThrowIfNull(bytes);
        if (_addedOfId.TryGetValue(id, out var added))
        {
            if (!added.IsSpecial || !skipsSpecialTokens)
                bytes.AddRange(Encoding.UTF8.GetBytes(added.Content));
        }
        else if (!_textOfId.TryGetValue(id, out var token))
        {
            throw new ArgumentException($"Token id {id} is outside the tokenizer's {VocabSize} tokens.", nameof(id));
        }
        else if (!ByteAlphabet.TryAppendBytes(token, bytes))
        {
            bytes.AddRange(Encoding.UTF8.GetBytes(token));
        }
    }

    private void EncodeBetween(string text, List<int> ids)
    {
        foreach (var (plain, token) in _normalizedTokens.Split(text))
        {
            if (token is not null)
            {
                ids.Add(token.Id);
                continue;
            }

            if (_merger is null)
                throw new SidReasonerException($"The tokenizer has control and SID tokens alone and cannot spell '{plain}'. Give token ids, or a tokenizer with text.");
            foreach (var piece in _definition.Splitter.Split(plain!))
            {
                if (_definition.IgnoresMerges && _definition.Vocabulary.TryGetValue(Spell(piece), out var whole))
                    ids.Add(whole);
                else
                    ids.AddRange(_merger.EncodeToIds(piece, considerPreTokenization: false, considerNormalization: false));
            }
        }
    }

    private string Normalize(string text)
    {
        foreach (var form in _definition.Normalizers)
        {
            // Normalize refuses noncharacters; they have no composition, so the text between them is normalized.
            if (!text.AsSpan().ContainsAny('\uFFFE', '\uFFFF'))
            {
                text = text.Normalize(form);
                continue;
            }

            var result = new StringBuilder();
            var start = 0;
            for (var at = 0; at <= text.Length; at++)
            {
                if (at < text.Length && text[at] is not ('\uFFFE' or '\uFFFF'))
                    continue;
                result.Append(text[start..at].Normalize(form)).Append(at < text.Length ? text[at] : "");
                start = at + 1;
            }

            text = result.ToString();
        }

        return text;
    }

    private static string WellFormed(string text)
    {
        if (!text.AsSpan().ContainsAnyInRange('\uD800', '\uDFFF'))
            return text;
        var result = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes())
            result.Append(rune.ToString());
        return result.ToString();
    }

    private static string Spell(string piece) => string.Create(Encoding.UTF8.GetByteCount(piece), piece, static (chars, source) =>
    {
        var bytes = Encoding.UTF8.GetBytes(source);
        for (var i = 0; i < chars.Length; i++)
            chars[i] = ByteAlphabet.CharOf(bytes[i]);
    });

    private static BpeTokenizer? MakeMerger(TokenizerDefinition definition)
    {
        if (!Enumerable.Range(0, 256).Any(value => definition.Vocabulary.ContainsKey(ByteAlphabet.CharOf((byte)value).ToString())))
            return null;
        return BpeTokenizer.Create(new BpeOptions(definition.Vocabulary)
        {
            Merges = definition.Merges.Select(pair => $"{pair.Left} {pair.Right}"),
            ByteLevel = true,
        });
    }
}
