using System.Security.Cryptography;
using SIDReasoner.Core;
using SIDReasoner.Core.Bundles;
using SIDReasoner.Core.Configuration;

namespace SIDReasoner.Runtime.Bundles;

/// <summary>A bundle folder whose version and hashes were compared before anything of it was loaded.</summary>
/// <remarks>Any number of threads may read. Format: docs/formats/bundle.md.</remarks>
public sealed class Bundle
{
    private Bundle(string path, BundleManifest manifest, ModelConfig config)
    {
        Path = path;
        Manifest = manifest;
        Config = config;
    }

    /// <summary>The folder's full path.</summary>
    public string Path { get; }

    /// <summary>bundle.json.</summary>
    public BundleManifest Manifest { get; }

    /// <summary>config.json.</summary>
    public ModelConfig Config { get; }

    /// <summary>Opens a bundle: the version first, then size and SHA-256 of every file, then the settings against each other.</summary>
    /// <param name="path">The folder that sidr-export made.</param>
    /// <remarks>Reads every file once, the weights too (about a second a gigabyte), which also brings them into the system's cache.</remarks>
    /// <exception cref="InvalidFileException">Another version wrote it, or files are missing or differ: every problem found, both sides shown.</exception>
    /// <exception cref="SidReasonerException">There is no bundle at the path.</exception>
    public static Bundle Open(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        var full = System.IO.Path.GetFullPath(path);
        var manifest = BundleManifest.Load(full);
        var problems = manifest.Files
            .OrderBy(file => file.Key, StringComparer.Ordinal)
            .AsParallel().AsOrdered()
            .Select(file => Compare(full, file.Key, file.Value))
            .OfType<string>()
            .ToList();
        if (problems.Count > 0)
            throw new InvalidFileException(full, problems);
        var config = ModelConfig.Load(System.IO.Path.Combine(full, "config.json"));
        CompareCatalog(full, manifest);
        CompareSettings(full, manifest, config);
        return new Bundle(full, manifest, config);
    }

    /// <summary>Full path of a file of the bundle.</summary>
    public string FilePath(string name) => System.IO.Path.Combine(Path, name);

    private static string? Compare(string folder, string name, BundleFile expected)
    {
        var path = System.IO.Path.Combine(folder, name);
        if (System.IO.Path.IsPathRooted(name) || name.Split('/', '\\').Contains(".."))
            return $"{BundleManifest.FileName} lists '{name}', which lies outside the bundle.";
        try
        {
            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 20, FileOptions.SequentialScan);
            if (stream.Length != expected.Bytes)
                return $"'{name}' has {stream.Length} bytes; {BundleManifest.FileName} says {expected.Bytes}. Export the checkpoint again.";
            var found = Convert.ToHexStringLower(SHA256.HashData(stream));
            return found == expected.Sha256
                ? null
                : $"'{name}' has SHA-256 {found}; {BundleManifest.FileName} says {expected.Sha256}. Export the checkpoint again.";
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            return $"'{name}' is missing; {BundleManifest.FileName} lists it. Export the checkpoint again.";
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return $"'{name}' cannot be read: {error.Message}";
        }
    }

    private static void CompareCatalog(string folder, BundleManifest manifest)
    {
        if (manifest.CatalogHash is null)
            return;
        var found = manifest.SidTokens is { } tokens && manifest.Files.TryGetValue("items.jsonl", out var items)
            ? Convert.ToHexStringLower(BundleCatalogHash.Compute(tokens, items.Sha256))
            : "nothing";
        if (found != manifest.CatalogHash)
        {
            throw new InvalidFileException(
                System.IO.Path.Combine(folder, BundleManifest.FileName),
                $"'sid_tokens' and items.jsonl give hash {found}; 'catalog_hash' is {manifest.CatalogHash}. Export the checkpoint again.");
        }
    }

    private static void CompareSettings(string folder, BundleManifest manifest, ModelConfig config)
    {
        (string Name, int Found, int Expected)[] pairs =
        [
            ("vocab_size", manifest.VocabSize, config.VocabSize), ("hidden_size", manifest.HiddenSize, config.HiddenSize),
            ("layer_count", manifest.LayerCount, config.LayerCount), ("kv_head_count", manifest.KvHeadCount, config.KvHeadCount),
            ("head_size", manifest.HeadSize, config.HeadSize),
        ];
        var problems = pairs
            .Where(pair => pair.Found != pair.Expected)
            .Select(pair => $"'{pair.Name}' is {pair.Found}; config.json says {pair.Expected}. Export the checkpoint again.")
            .ToList();
        if (problems.Count > 0)
            throw new InvalidFileException(System.IO.Path.Combine(folder, BundleManifest.FileName), problems);
    }
}
