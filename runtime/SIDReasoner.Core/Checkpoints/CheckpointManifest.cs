using System.Text.Json;
using SIDReasoner.Core.Configuration;

namespace SIDReasoner.Core.Checkpoints;

/// <summary>What a checkpoint of ours says about itself beside the Hugging Face files: <c>sidreasoner.json</c>.</summary>
public sealed record CheckpointManifest
{
    /// <summary>The file's name in a checkpoint folder.</summary>
    public const string FileName = "sidreasoner.json";

    /// <summary>The version written here; a reader refuses any other.</summary>
    public const int CurrentVersion = 1;

    /// <summary>Version of the form. Default <see cref="CurrentVersion"/>.</summary>
    public int Version { get; init; } = CurrentVersion;

    /// <summary>What made the weights, such as "alignment".</summary>
    public string Stage { get; init; } = "";

    /// <summary>Name of an input (such as "train.csv.gz") -> SHA-256 of its bytes, lower-case hexadecimal.</summary>
    public IReadOnlyDictionary<string, string> DataHashes { get; init; } = new Dictionary<string, string>();

    /// <summary>Ids of the SID tokens, ascending; the columns of the SID head. May be empty.</summary>
    public IReadOnlyList<int> SidTokenIds { get; init; } = [];

    /// <summary>Texts of the SID tokens, in the order of <see cref="SidTokenIds"/>.</summary>
    public IReadOnlyList<string> SidTokens { get; init; } = [];

    /// <summary>Name -> value, such as "valid.hr@10".</summary>
    public IReadOnlyDictionary<string, double> Metrics { get; init; } = new Dictionary<string, double>();

    /// <summary>Reads the manifest of a folder, or null where there is none.</summary>
    /// <exception cref="InvalidFileException">Another version, or a field is wrong: every problem found.</exception>
    public static CheckpointManifest? TryLoad(string folder)
    {
        var path = Path.Combine(folder, FileName);
        if (!File.Exists(path))
            return null;
        using var document = JsonFile.ReadObject(path);
        var problems = new List<string>();
        var fields = new JsonFields(document.RootElement, problems);
        var version = fields.Integer("version");
        if (problems.Count == 0 && version != CurrentVersion)
            throw new InvalidFileException(path, $"'version' is {version}; this program reads version {CurrentVersion}. Use the program that wrote it, or write it again.");
        var ids = fields.TokenIds("sid_token_ids");
        var manifest = new CheckpointManifest
        {
            Version = version,
            Stage = fields.Text("stage") ?? "",
            DataHashes = Entries(document.RootElement, "data_hashes", JsonValueKind.String, value => value.GetString()!, problems),
            SidTokenIds = ids,
            SidTokens = Texts(fields, problems),
            Metrics = Entries(document.RootElement, "metrics", JsonValueKind.Number, value => value.GetDouble(), problems),
        };
        if (manifest.SidTokens.Count != ids.Count)
            problems.Add($"'sid_tokens' has {manifest.SidTokens.Count} entries and 'sid_token_ids' {ids.Count}; expected as many.");
        if (ids.Zip(ids.Skip(1)).Any(pair => pair.First >= pair.Second))
            problems.Add("'sid_token_ids' is not strictly ascending.");
        return problems.Count == 0 ? manifest : throw new InvalidFileException(path, problems);
    }

    /// <summary>Writes the manifest into a folder.</summary>
    /// <exception cref="SidReasonerException">The file cannot be written; an old one is as it was.</exception>
    public void Save(string folder) => AtomicFile.Write(Path.Combine(folder, FileName), stream =>
    {
        using var json = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true, NewLine = "\n", Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
        json.WriteStartObject();
        json.WriteNumber("version", Version);
        json.WriteString("stage", Stage);
        json.WriteStartObject("data_hashes");
        foreach (var (name, hash) in DataHashes.OrderBy(pair => pair.Key, StringComparer.Ordinal))
            json.WriteString(name, hash);
        json.WriteEndObject();
        json.WriteStartArray("sid_token_ids");
        foreach (var id in SidTokenIds)
            json.WriteNumberValue(id);
        json.WriteEndArray();
        json.WriteStartArray("sid_tokens");
        foreach (var token in SidTokens)
            json.WriteStringValue(token);
        json.WriteEndArray();
        json.WriteStartObject("metrics");
        foreach (var (name, value) in Metrics.OrderBy(pair => pair.Key, StringComparer.Ordinal))
            json.WriteNumber(name, value);
        json.WriteEndObject();
        json.WriteEndObject();
        json.Flush();
        stream.WriteByte((byte)'\n');
    });

    private static List<string> Texts(JsonFields fields, List<string> problems)
    {
        var texts = new List<string>();
        if (fields.Find("sid_tokens") is not { } value)
            return texts;
        if (value.ValueKind != JsonValueKind.Array || value.EnumerateArray().Any(text => text.ValueKind != JsonValueKind.String))
            problems.Add($"'sid_tokens' is {JsonFile.Name(value.ValueKind)}; expected an array of strings.");
        else
            texts.AddRange(value.EnumerateArray().Select(text => text.GetString()!));
        return texts;
    }

    private static Dictionary<string, T> Entries<T>(JsonElement root, string name, JsonValueKind kind, Func<JsonElement, T> read, List<string> problems)
    {
        var entries = new Dictionary<string, T>(StringComparer.Ordinal);
        if (!root.TryGetProperty(name, out var value) || value.ValueKind == JsonValueKind.Null)
            return entries;
        if (value.ValueKind != JsonValueKind.Object)
        {
            problems.Add($"'{name}' is {JsonFile.Name(value.ValueKind)}; expected an object.");
            return entries;
        }

        foreach (var entry in value.EnumerateObject())
        {
            if (entry.Value.ValueKind == kind)
                entries[entry.Name] = read(entry.Value);
            else
                problems.Add($"'{name}.{entry.Name}' is {JsonFile.Name(entry.Value.ValueKind)}; expected {JsonFile.Name(kind)}.");
        }

        return entries;
    }
}
