using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using SIDReasoner.Core.Checkpoints;

namespace SIDReasoner.Core.Bundles;

/// <summary>What a bundle says about itself: <c>bundle.json</c>. Export writes it, the runtime compares everything with it before it loads anything.</summary>
/// <remarks>Immutable. The form is described field by field in docs/formats/bundle.md.</remarks>
public sealed record BundleManifest
{
    /// <summary>The file's name in a bundle folder.</summary>
    public const string FileName = "bundle.json";

    /// <summary>The version written here; a reader refuses any other.</summary>
    public const int CurrentVersion = 1;

    /// <summary>Version of the form. Default <see cref="CurrentVersion"/>.</summary>
    public int Version { get; init; } = CurrentVersion;

    /// <summary>Program and version that wrote the bundle.</summary>
    public required string Exporter { get; init; }

    /// <summary>Model family as Hugging Face spells it: <c>qwen3</c>, <c>qwen2</c>, <c>llama</c>.</summary>
    public required string Architecture { get; init; }

    /// <summary>SHA-256 over the names and hashes of config.json and the weight files: equal digests are equal models. The graph carries it too.</summary>
    public required string ModelDigest { get; init; }

    /// <summary>Rows of the vocabulary (V).</summary>
    public required int VocabSize { get; init; }

    /// <summary>Width of the residual stream.</summary>
    public required int HiddenSize { get; init; }

    /// <summary>Decoder layers.</summary>
    public required int LayerCount { get; init; }

    /// <summary>Key-value heads a layer.</summary>
    public required int KvHeadCount { get; init; }

    /// <summary>Width of a head.</summary>
    public required int HeadSize { get; init; }

    /// <summary>Most text tokens in the cache (C).</summary>
    public required int Context { get; init; }

    /// <summary>Beams for which there is room after a full context (W max).</summary>
    public required int MaxBeams { get; init; }

    /// <summary>Most tokens of a SID (L max); 0 in a bundle for text alone.</summary>
    public required int Levels { get; init; }

    /// <summary>Forms of the weights in the bundle, the default first.</summary>
    public required IReadOnlyList<BundlePrecision> Precisions { get; init; }

    /// <summary>The columns of <c>sid_logits</c>; null in a bundle for text alone.</summary>
    public BundleSidTokens? SidTokens { get; init; }

    /// <summary>Score mode of a request that names none: <c>exact</c>, or <c>catalog</c> once <see cref="Agreement"/> holds the two beside one another. Default <c>exact</c>.</summary>
    public string DefaultScoreMode { get; init; } = "exact";

    /// <summary>How alike score modes and precisions rank, where <c>sidr evaluate --compare --write</c> measured it; null before.</summary>
    public BundleAgreement? Agreement { get; init; }

    /// <summary>Ids of newline and end of turn, which score mode <c>reference</c> adds to every SID; null where they are not known.</summary>
    public IReadOnlyList<int>? ReferenceEnd { get; init; }

    /// <summary>Items of the catalogue; 0 without one.</summary>
    public int ItemCount { get; init; }

    /// <summary>Distinct SIDs of the catalogue; 0 without one.</summary>
    public int SidCount { get; init; }

    /// <summary>First 16 bytes of the SHA-256 over SID tokens and items, 32 hexadecimal digits; the trie's header carries them too. Null without a catalogue.</summary>
    public string? CatalogHash { get; init; }

    /// <summary>Prompts on which channels were measured before weights were rounded; 0 where none were.</summary>
    public int CalibrationPrompts { get; init; }

    /// <summary>LoRA adapters that a request may name; null where there is none.</summary>
    public IReadOnlyList<BundleAdapter>? Adapters { get; init; }

    /// <summary>Every file of the bundle but this one, by name relative to the folder.</summary>
    public required IReadOnlyDictionary<string, BundleFile> Files { get; init; }

    /// <summary>Text tokens and beam rows that the rotary tables, and so the cache, have room for: C + W max * (L max + 1).</summary>
    [JsonIgnore]
    public int CacheRows => Context + MaxBeams * (Levels + 1);

    /// <summary>The adapter of a name; null for null.</summary>
    /// <exception cref="SidReasonerException">The bundle has no such adapter; the message names those it has.</exception>
    public BundleAdapter? FindAdapter(string? name) => name is null
        ? null
        : Adapters?.FirstOrDefault(adapter => adapter.Name == name)
            ?? throw new SidReasonerException(
                $"the bundle has no adapter '{name}'; {(Adapters is null ? "it has none" : $"it has {string.Join(", ", Adapters.Select(a => $"'{a.Name}'"))}")}. Export the checkpoint again with --adapter {name}=DIR.");

    /// <summary>Reads the manifest of a bundle folder. The version is compared before anything else.</summary>
    /// <exception cref="SidReasonerException">The folder or the file is missing or unreadable.</exception>
    /// <exception cref="InvalidFileException">Not valid, or another version wrote it.</exception>
    public static BundleManifest Load(string folder)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        var path = Path.Combine(folder, FileName);
        if (!Directory.Exists(folder))
            throw new SidReasonerException($"Bundle folder '{folder}' does not exist.");
        if (!File.Exists(path))
            throw new SidReasonerException($"Folder '{folder}' has no {FileName}, so it is no bundle. Make one with sidr-export --checkpoint DIR --catalog DIR --out '{folder}'.");
        using var document = JsonFile.ReadObject(path);
        var version = document.RootElement.TryGetProperty("version", out var field) && field.TryGetInt32(out var number) ? number : (int?)null;
        if (version != CurrentVersion)
        {
            throw new InvalidFileException(
                path, $"'version' is {(version is null ? "missing" : version.ToString())}; this program reads version {CurrentVersion}. Export the checkpoint again.");
        }

        try
        {
            var manifest = document.Deserialize(BundleManifestContext.Default.BundleManifest)!;
            var problems = manifest.Problems();
            return problems.Count == 0 ? manifest : throw new InvalidFileException(path, problems);
        }
        catch (JsonException error)
        {
            throw new InvalidFileException(path, $"{error.Message} Export the checkpoint again.");
        }
    }

    /// <summary>The same manifest with what a comparison found; Catalog becomes the default score mode where it agrees with Exact, else Exact does.</summary>
    public BundleManifest With(BundleAgreement agreement)
    {
        ArgumentNullException.ThrowIfNull(agreement);
        return this with { Agreement = agreement, DefaultScoreMode = agreement.CatalogAgrees ? "catalog" : "exact" };
    }

    /// <summary>Writes the manifest into a folder, whole or not at all.</summary>
    /// <exception cref="SidReasonerException">The file cannot be written; an old one is as it was.</exception>
    public void Save(string folder) => AtomicFile.WriteText(Path.Combine(folder, FileName), JsonSerializer.Serialize(this, Readable.BundleManifest) + "\n");

    private static BundleManifestContext Readable { get; } =
        new(new JsonSerializerOptions(BundleManifestContext.Default.Options) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });

    private List<string> Problems()
    {
        var problems = new List<string>();
        void AtLeast(string name, int value, int least)
        {
            if (value < least)
                problems.Add($"'{name}' is {value}; expected at least {least}.");
        }

        AtLeast("vocab_size", VocabSize, 1);
        AtLeast("hidden_size", HiddenSize, 1);
        AtLeast("layer_count", LayerCount, 1);
        AtLeast("kv_head_count", KvHeadCount, 1);
        AtLeast("head_size", HeadSize, 1);
        AtLeast("context", Context, 1);
        AtLeast("max_beams", MaxBeams, 1);
        AtLeast("levels", Levels, 0);
        if (Precisions.Count == 0)
            problems.Add("'precisions' is empty; expected at least one.");
        foreach (var precision in Precisions.Where(p => !Files.ContainsKey(p.Model)))
            problems.Add($"'precisions' names '{precision.Model}', which 'files' does not list.");
        foreach (var adapter in (Adapters ?? []).Where(a => !Files.ContainsKey(a.File)))
            problems.Add($"'adapters' names '{adapter.File}', which 'files' does not list.");
        if (SidTokens is { } sids)
        {
            var ids = sids.TokenIds;
            if (ids.Count == 0 || ids.Count != sids.Texts.Count)
                problems.Add($"'sid_tokens' has {ids.Count} ids and {sids.Texts.Count} texts; expected as many, and at least one.");
            if (ids.Zip(ids.Skip(1)).Any(pair => pair.First >= pair.Second))
                problems.Add("'sid_tokens.ids' is not strictly ascending.");
            if (ids.Count > 0 && (ids[0] < 0 || ids[^1] >= VocabSize))
                problems.Add($"'sid_tokens' holds ids from {ids[0]} to {ids[^1]}; the vocabulary has ids 0 to {VocabSize - 1}.");
        }
        if (DefaultScoreMode is not ("exact" or "catalog"))
            problems.Add($"'default_score_mode' is '{DefaultScoreMode}'; expected 'exact' or 'catalog'.");
        if (DefaultScoreMode == "catalog" && Agreement?.CatalogToExact is null)
            problems.Add("'default_score_mode' is 'catalog', but 'agreement' does not hold catalog beside exact; run sidr evaluate --compare --write.");
        foreach (var pair in (Agreement?.Pairs ?? []).Where(pair => pair.Hr10Interval.Count != 2 || pair.Ndcg10Interval.Count != 2))
            problems.Add($"'agreement' has intervals of {pair.Hr10Interval.Count} and {pair.Ndcg10Interval.Count} numbers; expected two, low and high.");
        if (ReferenceEnd is { Count: not 2 })
            problems.Add($"'reference_end' has {ReferenceEnd.Count} ids; expected two, newline and end of turn.");
        return problems;
    }
}
