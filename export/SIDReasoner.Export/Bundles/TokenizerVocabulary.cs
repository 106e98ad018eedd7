using System.Text.Json;
using System.Text.RegularExpressions;
using SIDReasoner.Core;

namespace SIDReasoner.Export.Bundles;

/// <summary>The few tokens of a tokenizer.json that export needs: SID tokens, newline, end of turn.</summary>
internal sealed partial class TokenizerVocabulary
{
    private const string ByteLevelNewline = "Ċ";

    private readonly Dictionary<string, int> _added = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _pieces = new(StringComparer.Ordinal);

    private TokenizerVocabulary()
    {
    }

    /// <summary>Id of the newline as a token of its own; null where there is none.</summary>
    public int? Newline => _pieces.TryGetValue(ByteLevelNewline, out var id) || _added.TryGetValue("\n", out id) ? id : null;

    /// <summary>Reads tokenizer.json of a folder, or null where there is none.</summary>
    /// <exception cref="InvalidFileException">Not a tokenizer.</exception>
    public static TokenizerVocabulary? TryLoad(string folder)
    {
        var path = Path.Combine(folder, "tokenizer.json");
        if (!File.Exists(path))
            return null;
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(path));
            var vocabulary = new TokenizerVocabulary();
            if (document.RootElement.TryGetProperty("added_tokens", out var added) && added.ValueKind == JsonValueKind.Array)
            {
                foreach (var token in added.EnumerateArray())
                    vocabulary._added[token.GetProperty("content").GetString()!] = token.GetProperty("id").GetInt32();
            }

            foreach (var piece in document.RootElement.GetProperty("model").GetProperty("vocab").EnumerateObject())
                vocabulary._pieces[piece.Name] = piece.Value.GetInt32();
            return vocabulary;
        }
        catch (Exception error) when (error is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new InvalidFileException(path, $"not a byte-level BPE tokenizer: {error.Message} Expected 'added_tokens' and 'model.vocab' with an id each.");
        }
    }

    /// <summary>Id of a token by its text.</summary>
    public int? Find(string text) => _added.TryGetValue(text, out var id) || _pieces.TryGetValue(text, out id) ? id : null;

    /// <summary>Every token that is spelled as a SID token, by id.</summary>
    public SortedDictionary<int, string> SidTokens()
    {
        var tokens = new SortedDictionary<int, string>();
        foreach (var (text, id) in _added.Concat(_pieces))
        {
            if (SidToken().IsMatch(text))
                tokens[id] = text;
        }

        return tokens;
    }

    [GeneratedRegex("^<[a-z]+_[0-9]+>$", RegexOptions.CultureInvariant)]
    private static partial Regex SidToken();
}
