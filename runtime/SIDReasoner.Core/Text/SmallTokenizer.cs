using System.Text.Encodings.Web;
using System.Text.Json;
using SIDReasoner.Core.Checkpoints;

namespace SIDReasoner.Core.Text;

/// <summary>The vocabulary of a small model trained here, written as a tokenizer.json that Hugging Face's libraries load.</summary>
/// <remarks>Ids: control tokens from 0, then text pieces, then SID tokens, each in the order given.</remarks>
public sealed record SmallTokenizer
{
    /// <summary>Special tokens such as <c>&lt;bos&gt;</c>; different, not empty.</summary>
    public required IReadOnlyList<string> ControlTokens { get; init; }

    /// <summary>SID tokens, in the reference's order (<see cref="SemanticIds.SidVocabulary.Append"/>).</summary>
    public required IReadOnlyList<string> SidTokens { get; init; }

    /// <summary>Text pieces in the byte alphabet of GPT-2; none by default. A model that speaks has all 256 bytes among them.</summary>
    public IReadOnlyList<string> Pieces { get; init; } = [];

    /// <summary>Pairs of pieces that merge, best first; both and what they make are among <see cref="Pieces"/>.</summary>
    public IReadOnlyList<(string Left, string Right)> Merges { get; init; } = [];

    /// <summary>The control token that begins a sequence, for tokenizer_config.json; null for none.</summary>
    public string? Bos { get; init; }

    /// <summary>The control token that ends a reply; null for none.</summary>
    public string? Eos { get; init; }

    /// <summary>The control token that pads; null for none.</summary>
    public string? Pad { get; init; }

    /// <summary>Number of tokens: the model's vocabulary.</summary>
    public int VocabSize => ControlTokens.Count + Pieces.Count + SidTokens.Count;

    /// <summary>The id of the first SID token.</summary>
    public int FirstSidId => ControlTokens.Count + Pieces.Count;

    /// <summary>Writes <c>tokenizer.json</c> and <c>tokenizer_config.json</c> into a folder.</summary>
    /// <exception cref="ArgumentException">Two tokens are the same, one is empty, a merge's parts or result are no pieces, or Bos, Eos or Pad is no control token.</exception>
    /// <exception cref="SidReasonerException">A file cannot be written.</exception>
    public void Save(string folder)
    {
        Check();
        AtomicFile.Write(Path.Combine(folder, ByteLevelBpeTokenizer.FileName), stream => WriteJson(stream, WriteTokenizer));
        AtomicFile.Write(Path.Combine(folder, "tokenizer_config.json"), stream => WriteJson(stream, WriteConfig));
    }

    private static void WriteJson(Stream stream, Action<Utf8JsonWriter> write)
    {
        using var json = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
        json.WriteStartObject();
        write(json);
        json.WriteEndObject();
        json.Flush();
        stream.WriteByte((byte)'\n');
    }

    private void Check()
    {
        var known = new HashSet<string>(StringComparer.Ordinal);
        foreach (var token in ControlTokens.Concat(Pieces).Concat(SidTokens))
        {
            if (token.Length == 0 || !known.Add(token))
                throw new ArgumentException($"Token '{token}' is empty or occurs twice.");
        }

        var pieces = Pieces.ToHashSet(StringComparer.Ordinal);
        foreach (var (left, right) in Merges)
        {
            if (!pieces.Contains(left) || !pieces.Contains(right) || !pieces.Contains(left + right))
                throw new ArgumentException($"Merge '{left}' + '{right}': expected both and '{left + right}' among the pieces.");
        }

        foreach (var named in new[] { Bos, Eos, Pad })
        {
            if (named is not null && !ControlTokens.Contains(named))
                throw new ArgumentException($"'{named}' is none of the control tokens.");
        }
    }

    private void WriteTokenizer(Utf8JsonWriter json)
    {
        json.WriteString("version", "1.0");
        json.WriteNull("truncation");
        json.WriteNull("padding");
        json.WriteStartArray("added_tokens");
        for (var i = 0; i < ControlTokens.Count; i++)
            WriteAdded(json, i, ControlTokens[i], isSpecial: true);
        for (var i = 0; i < SidTokens.Count; i++)
            WriteAdded(json, FirstSidId + i, SidTokens[i], isSpecial: false);
        json.WriteEndArray();
        json.WriteStartObject("normalizer");
        json.WriteString("type", "NFC");
        json.WriteEndObject();
        WriteByteLevel(json, "pre_tokenizer");
        WriteByteLevel(json, "post_processor");
        WriteByteLevel(json, "decoder");
        json.WriteStartObject("model");
        json.WriteString("type", "BPE");
        json.WriteNull("dropout");
        json.WriteNull("unk_token");
        json.WriteNull("continuing_subword_prefix");
        json.WriteNull("end_of_word_suffix");
        json.WriteBoolean("fuse_unk", false);
        json.WriteBoolean("byte_fallback", false);
        json.WriteBoolean("ignore_merges", false);

        // The added tokens are in the model's vocabulary too: a loader then gives them these ids, whatever order it adds them in.
        json.WriteStartObject("vocab");
        var id = 0;
        foreach (var token in ControlTokens.Concat(Pieces).Concat(SidTokens))
            json.WriteNumber(token, id++);
        json.WriteEndObject();
        json.WriteStartArray("merges");
        foreach (var (left, right) in Merges)
        {
            json.WriteStartArray();
            json.WriteStringValue(left);
            json.WriteStringValue(right);
            json.WriteEndArray();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private void WriteConfig(Utf8JsonWriter json)
    {
        json.WriteBoolean("add_bos_token", false);
        json.WriteBoolean("add_prefix_space", false);
        json.WriteStartObject("added_tokens_decoder");
        for (var i = 0; i < ControlTokens.Count; i++)
            WriteDecoderEntry(json, i, ControlTokens[i], isSpecial: true);
        for (var i = 0; i < SidTokens.Count; i++)
            WriteDecoderEntry(json, FirstSidId + i, SidTokens[i], isSpecial: false);
        json.WriteEndObject();
        WriteName(json, "bos_token", Bos);
        json.WriteBoolean("clean_up_tokenization_spaces", false);
        WriteName(json, "eos_token", Eos);
        WriteName(json, "pad_token", Pad);
        json.WriteString("tokenizer_class", "PreTrainedTokenizerFast");
    }

    private static void WriteAdded(Utf8JsonWriter json, int id, string content, bool isSpecial)
    {
        json.WriteStartObject();
        json.WriteNumber("id", id);
        WriteFlags(json, content, isSpecial);
        json.WriteEndObject();
    }

    private static void WriteDecoderEntry(Utf8JsonWriter json, int id, string content, bool isSpecial)
    {
        json.WriteStartObject(id.ToString(System.Globalization.CultureInfo.InvariantCulture));
        WriteFlags(json, content, isSpecial);
        json.WriteEndObject();
    }

    private static void WriteFlags(Utf8JsonWriter json, string content, bool isSpecial)
    {
        json.WriteString("content", content);
        json.WriteBoolean("single_word", false);
        json.WriteBoolean("lstrip", false);
        json.WriteBoolean("rstrip", false);
        json.WriteBoolean("normalized", !isSpecial);
        json.WriteBoolean("special", isSpecial);
    }

    private static void WriteByteLevel(Utf8JsonWriter json, string name)
    {
        json.WriteStartObject(name);
        json.WriteString("type", "ByteLevel");
        json.WriteBoolean("add_prefix_space", false);
        json.WriteBoolean("trim_offsets", true);
        json.WriteBoolean("use_regex", true);
        json.WriteEndObject();
    }

    private static void WriteName(Utf8JsonWriter json, string name, string? token)
    {
        if (token is null)
            json.WriteNull(name);
        else
            json.WriteString(name, token);
    }
}
