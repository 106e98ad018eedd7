namespace SIDReasoner.Core.Items;

/// <summary>Finds and reads a catalogue's files.</summary>
internal static class ItemCatalogReader
{
    public static ItemCatalog Load(string folder)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        if (!Directory.Exists(folder))
            throw new SidReasonerException($"Catalog folder '{folder}' does not exist.");
        var own = Path.Combine(folder, ItemsJsonLines.FileName);
        if (File.Exists(own))
        {
            var problems = new List<string>();
            var items = ItemsJsonLines.Read(own, problems);
            return problems.Count == 0 ? new ItemCatalog(items, own) : throw new InvalidFileException(own, problems);
        }

        return MiniOneRecCatalog.Load(folder, FindFiles(folder));
    }

    private static MiniOneRecFiles FindFiles(string folder)
    {
        var places = new[] { folder, Path.Combine(folder, "index") };
        foreach (var place in places)
        {
            if (File.Exists(Path.Combine(place, "index.json")))
                return new MiniOneRecFiles(Path.Combine(place, "index.json"), Existing(place, "item.json"), Existing(folder, "info.txt") ?? Existing(place, "info.txt"));
        }

        var found = places.Where(Directory.Exists).SelectMany(place => Directory.GetFiles(place, "*.index.json")).Order(StringComparer.Ordinal).ToList();
        if (found.Count == 0)
            throw new SidReasonerException($"'{folder}' holds no catalog; expected '{ItemsJsonLines.FileName}', 'index.json' or 'NAME.index.json'.");
        if (found.Count > 1)
            throw new SidReasonerException($"'{folder}' holds {found.Count} catalogs ({string.Join(", ", found.Select(path => $"'{Path.GetFileName(path)}'"))}); expected one. Put each in a folder of its own.");
        var name = Path.GetFileName(found[0])[..^".index.json".Length];
        return new MiniOneRecFiles(found[0], Existing(Path.GetDirectoryName(found[0])!, $"{name}.item.json"), FindInfo(folder, name));
    }

    private static string? FindInfo(string folder, string name)
    {
        var places = new[] { Path.Combine(folder, "info"), folder };
        var found = places.Where(Directory.Exists).SelectMany(place => Directory.GetFiles(place, $"{name}*.txt"))
            .Where(path => Path.GetFileName(path) is var file && (file == $"{name}.txt" || !char.IsLetterOrDigit(file[name.Length]))).Order(StringComparer.Ordinal).ToList();
        if (found.Count > 1)
            throw new SidReasonerException($"'{folder}' holds {found.Count} info files for '{name}' ({string.Join(", ", found.Select(path => $"'{Path.GetFileName(path)}'"))}); expected one.");
        return found.Count == 1 ? found[0] : null;
    }

    private static string? Existing(string folder, string name) => File.Exists(Path.Combine(folder, name)) ? Path.Combine(folder, name) : null;
}
