using System.Security.Cryptography;
using SIDReasoner.Core;
using SIDReasoner.Core.Items;

namespace SIDReasoner.Train.Data;

/// <summary>A folder of interaction files: train, valid and test, each as NAME.csv, NAME.csv.gz or NAME.jsonl, read when asked for.</summary>
public sealed class DataFolder
{
    private static readonly string[] Extensions = [".csv", ".csv.gz", ".jsonl"];

    private readonly Dictionary<string, string> _hashes = new(StringComparer.Ordinal);

    private DataFolder(string path, ItemCatalog catalog)
    {
        Path = path;
        Catalog = catalog;
    }

    /// <summary>The folder.</summary>
    public string Path { get; }

    /// <summary>The items that its rows index.</summary>
    public ItemCatalog Catalog { get; }

    /// <summary>SHA-256 of each file read so far by its name, lower-case hexadecimal.</summary>
    public IReadOnlyDictionary<string, string> Hashes => _hashes;

    /// <summary>Opens a folder.</summary>
    /// <param name="path">The folder of the interaction files.</param>
    /// <param name="catalogPath">The catalogue's folder; null = the same folder, or the one above it where the catalogue lies there.</param>
    /// <returns>The folder with its catalogue loaded.</returns>
    /// <exception cref="SidReasonerException">A folder is missing, or the catalogue is bad.</exception>
    public static DataFolder Open(string path, string? catalogPath)
    {
        if (!Directory.Exists(path))
        {
            throw new SidReasonerException($"Data folder '{path}' does not exist. Make one with 'sidr-train shop --out DIR', or name a folder with train.csv, valid.csv and test.csv.");
        }

        return new DataFolder(path, ItemCatalog.Load(catalogPath ?? FindCatalog(path)));
    }

    /// <summary>Reads the rows of one file.</summary>
    /// <param name="name">"train", "valid" or "test".</param>
    /// <returns>Its rows, in file order.</returns>
    /// <exception cref="SidReasonerException">There is no such file, or it is bad.</exception>
    public IReadOnlyList<Interaction> Read(string name) =>
        TryRead(name) ?? throw new SidReasonerException($"'{Path}' has no {name} rows; expected one of {string.Join(", ", Extensions.Select(e => $"'{name}{e}'"))}.");

    /// <summary>Reads the rows of one file, or null where the folder has none of that name.</summary>
    /// <param name="name">"train", "valid" or "test".</param>
    /// <returns>Its rows, in file order, or null.</returns>
    /// <exception cref="SidReasonerException">The file is bad.</exception>
    public IReadOnlyList<Interaction>? TryRead(string name)
    {
        string? file = Extensions.Select(extension => System.IO.Path.Combine(Path, name + extension)).FirstOrDefault(File.Exists);
        if (file is null)
        {
            return null;
        }

        IReadOnlyList<Interaction> rows = InteractionReader.Load(file, Catalog);
        using FileStream stream = File.OpenRead(file);
        _hashes[System.IO.Path.GetFileName(file)] = Convert.ToHexStringLower(SHA256.HashData(stream));
        return rows;
    }

    private static string FindCatalog(string path)
    {
        bool HasCatalog(string folder) =>
            File.Exists(System.IO.Path.Combine(folder, "items.jsonl")) || Directory.EnumerateFiles(folder, "*index.json").Any();
        string above = System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(path)) ?? path;
        return !HasCatalog(path) && HasCatalog(above) ? above : path;
    }
}
