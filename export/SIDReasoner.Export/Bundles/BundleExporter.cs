using Google.Protobuf;
using SIDReasoner.Core;
using SIDReasoner.Core.Bundles;
using SIDReasoner.Core.Checkpoints;
using SIDReasoner.Core.Configuration;
using SIDReasoner.Core.Items;
using SIDReasoner.Core.SemanticIds;
using SIDReasoner.Core.Text;
using SIDReasoner.Core.Tries;
using SIDReasoner.Export.Adapters;
using SIDReasoner.Export.Decoder;
using SIDReasoner.Export.Precision;
using SIDReasoner.Export.Precision.Calibration;

namespace SIDReasoner.Export.Bundles;

/// <summary>Checkpoint folder and catalogue in, bundle out: one graph over the checkpoint's own weight files, the trie, and a manifest with every hash.</summary>
/// <remarks>No weight is copied where the file system links; none is ever rewritten. Safe to call from several threads for different outputs.</remarks>
public static class BundleExporter
{
    /// <summary>Positions a bundle has room for unless <see cref="BundleExportOptions.Context"/> asks for more.</summary>
    public const int DefaultContext = 4096;

    private const int HeadMultiple = 8;
    private const int MostBeams = 1024;
    private const int DefaultBeams = 256;
    private const int MostLevels = 8;

    private static readonly string[] s_carriedFiles =
    [
        "config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json",
        "vocab.json", "merges.txt", "chat_template.jinja", "prompt.json", CheckpointManifest.FileName, "model.safetensors.index.json",
    ];

    /// <summary>Writes a bundle. Nothing is left behind where it fails, and an older bundle at the place stays as it was.</summary>
    /// <param name="options">What, from where, to where.</param>
    /// <returns>The manifest as written.</returns>
    /// <exception cref="SidReasonerException">Options, checkpoint or catalogue are wrong, or the disk is full; the message says what to do.</exception>
    public static BundleManifest Export(BundleExportOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        Check(options);
        using var checkpoint = CheckpointFolder.Open(options.Checkpoint);
        CheckModel(options, checkpoint.Config);
        var tokenizer = TokenizerVocabulary.TryLoad(options.Checkpoint);
        var catalog = options.Catalog is null ? null : ItemCatalog.Load(options.Catalog);
        var sidTokens = SidTokenResolver.Resolve(options, checkpoint, tokenizer, catalog);
        LoraAdapter[] adapters = [.. options.Adapters.OrderBy(a => a.Key, StringComparer.Ordinal).Select(a => LoraAdapter.Load(a.Key, a.Value, checkpoint.Weights))];
        using var trie = catalog is null ? null : catalog.BuildTrie(Vocabulary(sidTokens!));

        try
        {
            using var folder = BundleFolder.Create(options.Output);
            var manifest = Write(options, checkpoint, tokenizer, sidTokens, catalog, trie, adapters, folder);
            folder.Commit();
            return manifest;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new SidReasonerException(
                $"Cannot write the bundle '{options.Output}': {error.Message.TrimEnd('.')}. Nothing was left there. Free space or name another folder.", error);
        }
    }

    private static BundleManifest Write(
        BundleExportOptions options,
        CheckpointFolder checkpoint,
        TokenizerVocabulary? tokenizer,
        BundleSidTokens? sidTokens,
        ItemCatalog? catalog,
        SidTrie? trie,
        LoraAdapter[] adapters,
        BundleFolder folder)
    {
        // Also where nothing is calibrated: a wording that cannot be used is refused now, not at the first request.
        var template = PromptTemplate.TryLoad(options.Checkpoint);
        var prompts = Prompts(options, template, sidTokens, catalog, checkpoint.Config.VocabSize);
        var files = new Dictionary<string, BundleFile>(StringComparer.Ordinal);
        foreach (var name in s_carriedFiles.Where(n => File.Exists(Path.Combine(options.Checkpoint, n))))
        {
            File.Copy(Path.Combine(options.Checkpoint, name), folder.Path(name));
            files[name] = FileHashes.Of(folder.Path(name));
        }

        foreach (var weights in checkpoint.Weights.Files)
        {
            var name = Path.GetFileName(weights);
            FileLink.LinkOrCopy(weights, folder.Path(name));
            files[name] = FileHashes.Of(folder.Path(name));
        }

        var weightNames = checkpoint.Weights.Files.Select(f => Path.GetFileName(f)!).Append("config.json").ToHashSet(StringComparer.Ordinal);
        var catalogHash = WriteCatalog(sidTokens, catalog, trie, folder, files);
        var config = checkpoint.Config;
        var architecture = config.Architecture.ToString().ToLowerInvariant();
        var manifest = new BundleManifest
        {
            Exporter = $"sidr-export {ProgramVersion}",
            Architecture = architecture,
            ModelDigest = FileHashes.Combine(files.Where(f => weightNames.Contains(f.Key))),
            VocabSize = config.VocabSize,
            HiddenSize = config.HiddenSize,
            LayerCount = config.LayerCount,
            KvHeadCount = config.KvHeadCount,
            HeadSize = config.HeadSize,
            Context = options.Context ?? Math.Min(config.MaxPositions, DefaultContext),
            MaxBeams = options.MaxBeams ?? RoomForEveryWidth(trie),
            Levels = trie?.LevelCount ?? (sidTokens is null ? 0 : options.Levels),
            Precisions = [],
            CalibrationPrompts = prompts.Count,
            SidTokens = sidTokens,
            ReferenceEnd = ReferenceEnd.Resolve(options, template, tokenizer, config.VocabSize),
            ItemCount = catalog?.Items.Count ?? 0,
            SidCount = trie?.SidCount ?? 0,
            CatalogHash = catalogHash,
            Adapters = WriteAdapters(adapters, folder, files),
            Files = files,
        };
        manifest = manifest with { Precisions = WriteModels(options, checkpoint, manifest, adapters, prompts, folder, files) };

        var genAi = GenAiConfig.Write(config, manifest, architecture, EndTokens.Read(options.Checkpoint, config));
        File.WriteAllText(folder.Path("genai_config.json"), genAi);
        files["genai_config.json"] = FileHashes.Of(folder.Path("genai_config.json"));
        manifest.Save(folder.TemporaryPath);
        return manifest;
    }

    /// <summary>The prompts on which channels are measured; none where nothing is rounded, or where neither a file nor catalogue, tokenizer and wording give any.</summary>
    private static List<int[]> Prompts(BundleExportOptions options, PromptTemplate? template, BundleSidTokens? sidTokens, ItemCatalog? catalog, int vocabSize)
    {
        var tokenizerPath = Path.Combine(options.Checkpoint, ByteLevelBpeTokenizer.FileName);
        var tokenizer = File.Exists(tokenizerPath) && options.Precisions.Any(precision => precision != PrecisionForms.Float32) ? ByteLevelBpeTokenizer.Load(tokenizerPath) : null;
        if (options.Calibration is not null)
            return CalibrationPrompts.Load(options.Calibration, tokenizer, vocabSize);
        return tokenizer is not null && catalog is not null && template is not null
            ? CalibrationPrompts.Draw(catalog, Vocabulary(sidTokens!), template, tokenizer)
            : [];
    }

    private static List<BundlePrecision> WriteModels(
        BundleExportOptions options, CheckpointFolder checkpoint, BundleManifest manifest, LoraAdapter[] adapters, IReadOnlyList<int[]> prompts, BundleFolder folder, Dictionary<string, BundleFile> files)
    {
        var adapted = adapters.SelectMany(a => a.Layers).DistinctBy(layer => layer.Name).ToDictionary(layer => layer.Name);
        using (var tables = File.Create(folder.Path(RotaryEmbedding.FileName)))
            RotaryEmbedding.WriteTables(tables, checkpoint.Config, manifest.CacheRows);
        files[RotaryEmbedding.FileName] = FileHashes.Of(folder.Path(RotaryEmbedding.FileName));

        var layout = new HeadLayout(DecoderGraph.HeadWeight(checkpoint), manifest.SidTokens?.TokenIds ?? [], manifest.ReferenceEnd ?? []);
        var magnitudes = prompts.Count > 0 ? ChannelMagnitudes.Measure(checkpoint, folder.TemporaryPath, manifest.CacheRows, prompts) : null;

        var written = new List<BundlePrecision>();
        foreach (var precision in options.Precisions.Distinct(StringComparer.Ordinal))
        {
            var (modelFile, dataFile) = (PrecisionForms.ModelFile(precision), PrecisionForms.DataFile(precision));
            using (var data = dataFile is null ? null : new WeightFile(folder.Path(dataFile)))
            {
                var model = DecoderGraph.Build(
                    checkpoint,
                    layout,
                    manifest.CacheRows,
                    graph =>
                    {
                        var scope = PrecisionForms.Scope(precision, graph, checkpoint, data, magnitudes, adapted.Keys.ToHashSet(StringComparer.Ordinal));
                        return adapted.Count == 0 ? scope : scope with { Linears = new LoraLinearWriter(scope.Linears, graph, adapted) };
                    },
                    ProgramVersion);
                model.MetadataProps.Add(new global::Onnx.StringStringEntryProto { Key = "sidreasoner.model_digest", Value = manifest.ModelDigest });
                using var stream = File.Create(folder.Path(modelFile));
                model.WriteTo(stream);
            }

            foreach (var file in new[] { modelFile, dataFile }.OfType<string>())
                files[file] = FileHashes.Of(folder.Path(file));
            written.Add(new BundlePrecision { Name = precision, Model = modelFile, CacheType = "float32" });
        }

        return written;
    }

    private static List<BundleAdapter>? WriteAdapters(LoraAdapter[] adapters, BundleFolder folder, Dictionary<string, BundleFile> files)
    {
        if (adapters.Length == 0)
            return null;
        Directory.CreateDirectory(folder.Path("adapters"));
        var written = new List<BundleAdapter>();
        foreach (var adapter in adapters)
        {
            var name = $"adapters/{adapter.Name}.onnx_adapter";
            using (var stream = File.Create(folder.Path(name)))
                AdapterFile.Write(stream, adapter);
            files[name] = FileHashes.Of(folder.Path(name));
            written.Add(new BundleAdapter { Name = adapter.Name, File = name });
        }

        return written;
    }

    /// <summary>items.jsonl and catalog.sidtrie; the hash ties the trie to the SID tokens and items it was built from.</summary>
    private static string? WriteCatalog(
        BundleSidTokens? sidTokens, ItemCatalog? catalog, SidTrie? trie, BundleFolder folder, Dictionary<string, BundleFile> files)
    {
        if (catalog is null || trie is null || sidTokens is null)
            return null;
        catalog.Save(folder.TemporaryPath);
        files["items.jsonl"] = FileHashes.Of(folder.Path("items.jsonl"));
        var hash = BundleCatalogHash.Compute(sidTokens, files["items.jsonl"].Sha256);
        trie.Save(folder.Path("catalog.sidtrie"), hash);
        files["catalog.sidtrie"] = FileHashes.Of(folder.Path("catalog.sidtrie"));
        return Convert.ToHexStringLower(hash);
    }

    /// <summary>Beams for whose rows, one level more than a SID has, there must be room so that a search of 1,024 beams fits behind a full context.</summary>
    private static int RoomForEveryWidth(SidTrie? trie)
    {
        if (trie is null)
            return DefaultBeams;
        var rows = Enumerable.Range(1, trie.LevelCount - 1).Sum(depth => Math.Min(MostBeams, trie.NodeCount(depth)));
        return Math.Max(DefaultBeams, (rows + trie.LevelCount) / (trie.LevelCount + 1));
    }

    private static SidVocabulary Vocabulary(BundleSidTokens tokens) =>
        new(tokens.Texts.Zip(tokens.TokenIds).ToDictionary(pair => pair.First, pair => pair.Second, StringComparer.Ordinal));

    private static void Check(BundleExportOptions options)
    {
        foreach (var precision in options.Precisions)
            PrecisionForms.Check(precision);
        if (options.Precisions.Count == 0)
            throw new SidReasonerException("--precision names nothing; expected 'fp32'.");
        if (options.Calibration is not null && options.Precisions.All(precision => precision == PrecisionForms.Float32))
            throw new SidReasonerException("--calibration is given, and nothing is rounded; expected int8 or int4 in --precision.");
        foreach (var name in options.Adapters.Keys.Where(n => n.Length == 0 || n.Any(c => !char.IsAsciiLetterOrDigit(c) && c is not ('-' or '_'))))
            throw new SidReasonerException($"--adapter has the name '{name}'; expected letters, digits, '-' and '_', as in --adapter holidays=DIR.");
        if (options.MaxBeams is { } beams)
            CheckRange("--max-beams", beams, 1, MostBeams);
        CheckRange("levels", options.Levels, 1, MostLevels);
        var output = Path.GetFullPath(options.Output);
        foreach (var (name, input) in new[] { ("--checkpoint", options.Checkpoint), ("--catalog", options.Catalog) })
        {
            if (input is null)
                continue;
            if (Path.TrimEndingDirectorySeparator(Path.GetFullPath(input)) == Path.TrimEndingDirectorySeparator(output))
                throw new SidReasonerException($"--out and {name} are both '{input}'; the bundle needs a folder of its own.");
        }
    }

    private static void CheckModel(BundleExportOptions options, ModelConfig config)
    {
        if (config.HeadSize % HeadMultiple != 0)
        {
            throw new SidReasonerException(
                $"Checkpoint '{options.Checkpoint}' has heads of {config.HeadSize} (config.json: head_dim); ONNX Runtime's attention needs a multiple of {HeadMultiple}.");
        }

        if (options.Context is { } context)
            CheckRange("--context", context, 1, config.MaxPositions, " (config.json: max_position_embeddings)");
    }

    private static void CheckRange(string name, int value, int least, int most, string why = "")
    {
        if (value < least || value > most)
            throw new SidReasonerException($"{name} is {value}; expected {least} to {most}{why}.");
    }

    private static string ProgramVersion => typeof(BundleExporter).Assembly.GetName().Version?.ToString(3) ?? "0";
}
