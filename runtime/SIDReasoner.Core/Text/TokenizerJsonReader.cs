using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using SIDReasoner.Core.Checkpoints;
using SIDReasoner.Core.Configuration;

namespace SIDReasoner.Core.Text;

/// <summary>Reads a tokenizer.json of the byte-level BPE kind; everything it cannot honor is a problem that is named.</summary>
internal sealed class TokenizerJsonReader
{
    private readonly List<string> _problems = [];

    public static TokenizerDefinition Read(string path)
    {
        using var document = JsonFile.ReadObject(path);
        var reader = new TokenizerJsonReader();
        var definition = reader.ReadRoot(document.RootElement);
        return reader._problems.Count == 0 ? definition : throw new InvalidFileException(path, reader._problems);
    }

    private TokenizerDefinition ReadRoot(JsonElement root)
    {
        var fields = new JsonFields(root, _problems);
        var vocabulary = new Dictionary<string, int>(StringComparer.Ordinal);
        var merges = new List<(string, string)>();
        var ignoresMerges = false;
        if (!root.TryGetProperty("model", out var model) || model.ValueKind != JsonValueKind.Object)
        {
            _problems.Add("'model' is missing; expected an object of type 'BPE'.");
        }
        else
        {
            var settings = new JsonFields(model, _problems, "model.");
            if ((settings.Text("type") ?? "BPE") is var type && type != "BPE")
                _problems.Add($"'model.type' is '{type}'; only byte-level 'BPE' is supported.");
            ReadVocabulary(model, vocabulary);
            ReadMerges(model, vocabulary, merges);
            ignoresMerges = settings.Boolean("ignore_merges", false);
            RefuseModelSettings(settings);
        }

        var splitter = new PieceSplitter();
        if (!ReadPreTokenizer(fields.Object("pre_tokenizer"), root, splitter))
            _problems.Add("'pre_tokenizer' has no 'ByteLevel' step; only byte-level tokenizers are supported.");
        return new TokenizerDefinition
        {
            Vocabulary = vocabulary,
            Merges = merges,
            AddedTokens = ReadAddedTokens(root, vocabulary),
            Normalizers = ReadNormalizers(root),
            Splitter = splitter,
            IgnoresMerges = ignoresMerges,
        };
    }

    private void RefuseModelSettings(JsonFields settings)
    {
        foreach (var name in new[] { "continuing_subword_prefix", "end_of_word_suffix", "unk_token" })
        {
            if (settings.Text(name) is { Length: > 0 } value)
                _problems.Add($"'model.{name}' is '{value}'; a byte-level tokenizer has none.");
        }

        if (settings.Boolean("byte_fallback", false))
            _problems.Add("'model.byte_fallback' is true; a byte-level tokenizer needs none.");
        if (settings.Find("dropout") is not null && settings.Positive("dropout", 0) != 0)
            _problems.Add("'model.dropout' is set; only deterministic tokenizers are supported.");
    }

    private void ReadVocabulary(JsonElement model, Dictionary<string, int> vocabulary)
    {
        if (!model.TryGetProperty("vocab", out var entries) || entries.ValueKind != JsonValueKind.Object)
        {
            _problems.Add("'model.vocab' is missing; expected an object from token to id.");
            return;
        }

        var tokens = new Dictionary<int, string>();
        foreach (var entry in entries.EnumerateObject())
        {
            if (entry.Value.ValueKind != JsonValueKind.Number || !entry.Value.TryGetInt32(out var id) || id < 0)
                _problems.Add($"'model.vocab' gives '{entry.Name}' the id {entry.Value.GetRawText()}; expected a whole number of 0 or more.");
            else if (!vocabulary.TryAdd(entry.Name, id))
                _problems.Add($"'model.vocab' has '{entry.Name}' twice.");
            else if (!tokens.TryAdd(id, entry.Name))
                _problems.Add($"'model.vocab' gives '{tokens[id]}' and '{entry.Name}' the same id, {id}.");
        }
    }

    private void ReadMerges(JsonElement model, Dictionary<string, int> vocabulary, List<(string, string)> merges)
    {
        if (!model.TryGetProperty("merges", out var entries) || entries.ValueKind != JsonValueKind.Array)
        {
            _problems.Add("'model.merges' is missing; expected an array of pairs.");
            return;
        }

        foreach (var entry in entries.EnumerateArray())
        {
            var pair = entry.ValueKind switch
            {
                JsonValueKind.Array when entry.GetArrayLength() == 2 && entry.EnumerateArray().All(part => part.ValueKind == JsonValueKind.String) =>
                    [entry[0].GetString()!, entry[1].GetString()!],
                JsonValueKind.String => entry.GetString()!.Split(' '),
                _ => [],
            };
            if (pair.Length != 2)
                _problems.Add($"'model.merges' holds {entry.GetRawText()}; expected a pair of tokens.");
            else if (!vocabulary.ContainsKey(pair[0]) || !vocabulary.ContainsKey(pair[1]) || !vocabulary.ContainsKey(pair[0] + pair[1]))
                _problems.Add($"'model.merges' joins '{pair[0]}' and '{pair[1]}'; expected both and '{pair[0] + pair[1]}' in 'model.vocab'.");
            else
                merges.Add((pair[0], pair[1]));
        }
    }

    private List<AddedToken> ReadAddedTokens(JsonElement root, Dictionary<string, int> vocabulary)
    {
        var tokens = new List<AddedToken>();
        if (!root.TryGetProperty("added_tokens", out var entries) || entries.ValueKind == JsonValueKind.Null)
            return tokens;
        if (entries.ValueKind != JsonValueKind.Array)
        {
            _problems.Add($"'added_tokens' is {JsonFile.Name(entries.ValueKind)}; expected an array.");
            return tokens;
        }

        var textOfId = new Dictionary<int, string>();
        foreach (var (text, id) in vocabulary)
            textOfId[id] = text;
        var contents = new HashSet<string>(StringComparer.Ordinal);
        foreach (var entry in entries.EnumerateArray())
        {
            if (entry.ValueKind != JsonValueKind.Object)
            {
                _problems.Add($"'added_tokens' holds {JsonFile.Name(entry.ValueKind)}; expected objects.");
                continue;
            }

            var fields = new JsonFields(entry, _problems, "added_tokens.");
            var special = fields.Boolean("special", false);
            var token = new AddedToken(
                fields.Integer("id", 0), fields.Text("content") ?? "", special, fields.Boolean("normalized", !special),
                fields.Boolean("lstrip", false), fields.Boolean("rstrip", false), fields.Boolean("single_word", false));
            if (token.Content.Length == 0 || !contents.Add(token.Content))
                _problems.Add($"'added_tokens' has '{token.Content}' with id {token.Id}; expected different texts, none empty.");
            else if (!textOfId.TryAdd(token.Id, token.Content) && textOfId[token.Id] != token.Content)
                _problems.Add($"'added_tokens' gives '{token.Content}' the id {token.Id}, which '{textOfId[token.Id]}' has.");
            else if (vocabulary.TryGetValue(token.Content, out var id) && id != token.Id)
                _problems.Add($"'added_tokens' gives '{token.Content}' the id {token.Id}; 'model.vocab' gives it {id}.");
            tokens.Add(token);
        }

        return tokens;
    }

    private List<NormalizationForm> ReadNormalizers(JsonElement root)
    {
        var forms = new List<NormalizationForm>();
        foreach (var step in Steps(root, "normalizer", "normalizers"))
        {
            switch (new JsonFields(step, _problems, "normalizer.").Text("type"))
            {
                case "NFC":
                    forms.Add(NormalizationForm.FormC);
                    break;
                case "NFD":
                    forms.Add(NormalizationForm.FormD);
                    break;
                case "NFKC":
                    forms.Add(NormalizationForm.FormKC);
                    break;
                case "NFKD":
                    forms.Add(NormalizationForm.FormKD);
                    break;
                case var type:
                    _problems.Add($"'normalizer' of type '{type}' is not supported; expected a Unicode normal form or none.");
                    break;
            }
        }

        return forms;
    }

    /// <summary>Adds the steps; whether there was a ByteLevel one.</summary>
    private bool ReadPreTokenizer(JsonFields? present, JsonElement root, PieceSplitter splitter)
    {
        var isByteLevel = false;
        foreach (var step in present is null ? [] : Steps(root, "pre_tokenizer", "pretokenizers"))
        {
            var fields = new JsonFields(step, _problems, "pre_tokenizer.");
            switch (fields.Text("type"))
            {
                case "Split":
                    AddSplit(fields, splitter);
                    break;
                case "Digits":
                    splitter.AddDigits(fields.Boolean("individual_digits", false));
                    break;
                case "ByteLevel":
                    isByteLevel = true;
                    if (fields.Boolean("add_prefix_space", true))
                        splitter.AddPrefixSpace();
                    if (fields.Boolean("use_regex", true))
                        splitter.AddPattern(PieceSplitter.Gpt2Pattern);
                    break;
                case var type:
                    _problems.Add($"'pre_tokenizer' step of type '{type}' is not supported; expected 'Split', 'Digits' or 'ByteLevel'.");
                    break;
            }
        }

        return isByteLevel;
    }

    private void AddSplit(JsonFields fields, PieceSplitter splitter)
    {
        if (fields.Text("behavior") is var behavior && behavior != "Isolated")
            _problems.Add($"'pre_tokenizer.behavior' is '{behavior}'; only 'Isolated' is supported.");
        if (fields.Boolean("invert", false))
            _problems.Add("'pre_tokenizer.invert' is true, which is not supported.");
        var pattern = fields.Object("pattern");
        var text = pattern?.Text("Regex") ?? (pattern?.Text("String") is { } literal ? Regex.Escape(literal) : null);
        if (text is null)
        {
            _problems.Add("'pre_tokenizer.pattern' is missing; expected 'Regex' or 'String'.");
            return;
        }

        try
        {
            splitter.AddPattern(text);
        }
        catch (ArgumentException error)
        {
            _problems.Add($"'pre_tokenizer.pattern' is not supported: {error.Message}");
        }
    }

    /// <summary>One step, or those of a Sequence; none where the property is absent or null.</summary>
    private IEnumerable<JsonElement> Steps(JsonElement root, string name, string listName)
    {
        if (!root.TryGetProperty(name, out var value) || value.ValueKind == JsonValueKind.Null)
            return [];
        if (value.ValueKind != JsonValueKind.Object)
        {
            _problems.Add($"'{name}' is {JsonFile.Name(value.ValueKind)}; expected an object.");
            return [];
        }

        if (new JsonFields(value, _problems, name + ".").Text("type") != "Sequence")
            return [value];
        if (!value.TryGetProperty(listName, out var list) || list.ValueKind != JsonValueKind.Array || list.EnumerateArray().Any(step => step.ValueKind != JsonValueKind.Object))
        {
            _problems.Add($"'{name}.{listName}' is missing; expected an array of steps.");
            return [];
        }

        return list.EnumerateArray();
    }
}
