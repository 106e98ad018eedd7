using System.Globalization;
using System.Text.Json;
using SIDReasoner.Core.Checkpoints;
using SIDReasoner.Core.Items;
using SIDReasoner.Core.SemanticIds;

namespace SIDReasoner.TestSupport;

/// <summary>A golden model and catalogue as the folders an engine takes: the model's files, sidreasoner.json and items.jsonl added.</summary>
public sealed class PreparedCase : IDisposable
{
    private readonly string _root;

    private PreparedCase(string root, ItemCatalog catalog, SidVocabulary vocabulary, int[] referenceEnd)
    {
        _root = root;
        Catalog = catalog;
        Vocabulary = vocabulary;
        ReferenceEnd = referenceEnd;
    }

    /// <summary>The checkpoint's folder.</summary>
    public string CheckpointFolder => Path.Combine(_root, "checkpoint");

    /// <summary>The catalogue's folder.</summary>
    public string CatalogFolder => Path.Combine(_root, "catalog");

    /// <summary>The catalogue.</summary>
    public ItemCatalog Catalog { get; }

    /// <summary>The model's SID tokens.</summary>
    public SidVocabulary Vocabulary { get; }

    /// <summary>The model's newline and end of sequence.</summary>
    public int[] ReferenceEnd { get; }

    /// <summary>Prepares a case; dispose it to delete its folders.</summary>
    /// <param name="model">The folder of a golden model.</param>
    /// <param name="catalogPath">Its catalog.json; null for a catalogue of one item.</param>
    /// <returns>The case.</returns>
    public static PreparedCase Make(string model, string? catalogPath)
    {
        using JsonDocument ids = JsonDocument.Parse(File.ReadAllText(Path.Combine(model, "ids.json")));
        var idOfToken = ids.RootElement.GetProperty("sid_tokens").EnumerateObject().ToDictionary(pair => pair.Name, pair => pair.Value.GetInt32());
        var vocabulary = new SidVocabulary(idOfToken);
        var catalog = new ItemCatalog([.. Sids(catalogPath, vocabulary).Select(
            (sid, index) => new Item(index.ToString(CultureInfo.InvariantCulture), $"item {index}", SemanticId.Parse(sid)))]);

        string root = Directory.CreateTempSubdirectory("sidr-golden-").FullName;
        var prepared = new PreparedCase(root, catalog, vocabulary, [.. new[] { "newline", "eos" }.Select(name => ids.RootElement.GetProperty(name).GetInt32())]);
        Directory.CreateDirectory(prepared.CheckpointFolder);
        Directory.CreateDirectory(prepared.CatalogFolder);
        foreach (string file in Directory.GetFiles(model))
        {
            File.Copy(file, Path.Combine(prepared.CheckpointFolder, Path.GetFileName(file)));
        }

        new CheckpointManifest { Stage = "golden", SidTokenIds = [.. vocabulary.TokenIds], SidTokens = [.. vocabulary.Tokens] }.Save(prepared.CheckpointFolder);
        catalog.Save(prepared.CatalogFolder);
        return prepared;
    }

    /// <inheritdoc/>
    public void Dispose() => Directory.Delete(_root, recursive: true);

    private static List<string> Sids(string? catalogPath, SidVocabulary vocabulary)
    {
        if (catalogPath is null)
        {
            return [string.Concat("abc".Select(level => vocabulary.Tokens.First(token => token.StartsWith($"<{level}_", StringComparison.Ordinal))))];
        }

        using JsonDocument file = JsonDocument.Parse(File.ReadAllText(catalogPath));
        return [.. file.RootElement.GetProperty("items").EnumerateArray().Select(sid => sid.GetString()!)];
    }
}
