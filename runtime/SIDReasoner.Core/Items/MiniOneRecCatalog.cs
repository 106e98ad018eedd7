using System.Globalization;
using System.Text;
using System.Text.Json;
using SIDReasoner.Core.Checkpoints;
using SIDReasoner.Core.Configuration;
using SIDReasoner.Core.SemanticIds;

namespace SIDReasoner.Core.Items;

/// <summary>Reads MiniOneRec's catalogue files and compares them with each other.</summary>
/// <remarks>Items are ordered by id where all ids are whole numbers, else as index.json has them. Source: MiniOneRec (arXiv 2510.24431), its index, item and info files.</remarks>
internal static class MiniOneRecCatalog
{
    public static ItemCatalog Load(string folder, MiniOneRecFiles files)
    {
        var problems = new List<string>();
        if (files.Item is null && files.Info is null)
            problems.Add($"'{Path.GetFileName(files.Index)}' has neither an item.json nor an info file beside it; expected one of them for the titles.");
        var sids = Gather(files.Index, problems, ReadIndex) ?? [];
        var texts = files.Item is null ? null : Gather(files.Item, problems, ReadItems);
        var info = files.Info is null ? null : Gather(files.Info, problems, ReadInfo);
        if (problems.Count == 0)
            Compare(files, sids, texts, info, problems);
        if (problems.Count > 0)
            throw new InvalidFileException(folder, problems);
        var ids = sids.Keys.All(IsNumber) ? sids.Keys.OrderBy(id => long.Parse(id, CultureInfo.InvariantCulture)) : sids.Keys.AsEnumerable();
        return new ItemCatalog([.. ids.Select(id => texts is not null ? texts[id] with { Sid = sids[id] } : new Item(id, info![id].Title, sids[id]))], folder);
    }

    private static T? Gather<T>(string path, List<string> problems, Func<string, List<string>, T> read)
        where T : class
    {
        var found = new List<string>();
        T? result = null;
        try
        {
            result = read(path, found);
        }
        catch (InvalidFileException error)
        {
            found.AddRange(error.Problems);
        }
        catch (SidReasonerException error)
        {
            found.Add(error.Message);
        }

        problems.AddRange(found.Select(problem => $"{Path.GetFileName(path)}: {problem}"));
        return result;
    }

    private static Dictionary<string, SemanticId> ReadIndex(string path, List<string> problems)
    {
        using var document = JsonFile.ReadObject(path);
        var sids = new Dictionary<string, SemanticId>(StringComparer.Ordinal);
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var entry in document.RootElement.EnumerateObject())
        {
            if (!seen.Add(entry.Name))
                problems.Add($"item id '{entry.Name}' occurs twice.");
            else if (entry.Value.ValueKind != JsonValueKind.Array || entry.Value.EnumerateArray().Any(token => token.ValueKind != JsonValueKind.String))
                problems.Add($"item '{entry.Name}' has {entry.Value.GetRawText()}; expected an array of SID tokens.");
            else if (entry.Value.GetArrayLength() == 0)
                problems.Add($"item '{entry.Name}' has an empty SID; expected at least one token.");
            else
                AddSid(entry, sids, problems);
        }

        return sids;
    }

    private static void AddSid(JsonProperty entry, Dictionary<string, SemanticId> sids, List<string> problems)
    {
        try
        {
            sids.Add(entry.Name, new SemanticId(entry.Value.EnumerateArray().Select(token => token.GetString()!)));
        }
        catch (SidReasonerException error)
        {
            problems.Add($"item '{entry.Name}': {error.Message}");
        }
    }

    private static Dictionary<string, Item> ReadItems(string path, List<string> problems)
    {
        using var document = JsonFile.ReadObject(path);
        var items = new Dictionary<string, Item>(StringComparer.Ordinal);
        var placeholder = new SemanticId(["<none>"]);
        foreach (var entry in document.RootElement.EnumerateObject())
        {
            if (entry.Value.ValueKind != JsonValueKind.Object)
            {
                problems.Add($"item '{entry.Name}' is {JsonFile.Name(entry.Value.ValueKind)}; expected an object with a title.");
                continue;
            }

            var found = new List<string>();
            var fields = new JsonFields(entry.Value, found);
            if (fields.Find("title") is null)
                found.Add("'title' is missing; expected a string.");
            var item = new Item(entry.Name, fields.Text("title") ?? "", placeholder)
            {
                Description = AnyText(entry.Value, "description"),
                Brand = AnyText(entry.Value, "brand"),
                Categories = AnyText(entry.Value, "categories"),
            };
            if (!items.TryAdd(entry.Name, item))
                found.Add("its id occurs twice.");
            problems.AddRange(found.Select(problem => $"item '{entry.Name}': {problem}"));
        }

        return items;
    }

    /// <summary>A string as it is; anything else, such as a list, as its JSON.</summary>
    private static string AnyText(JsonElement item, string name) => !item.TryGetProperty(name, out var value) ? "" : value.ValueKind switch
    {
        JsonValueKind.String => value.GetString()!,
        JsonValueKind.Null => "",
        _ => value.GetRawText(),
    };

    private static Dictionary<string, (string Sid, string Title)> ReadInfo(string path, List<string> problems)
    {
        var lines = new Dictionary<string, (string, string)>(StringComparer.Ordinal);
        var text = JsonFile.ReadBytes(path);
        var number = 0;
        foreach (var line in Encoding.UTF8.GetString(text).TrimStart('\uFEFF').Split('\n'))
        {
            number++;
            if (line.Trim().Length == 0)
                continue;
            var first = line.IndexOf('\t');
            var last = line.LastIndexOf('\t');
            if (first < 0 || first == last)
            {
                problems.Add($"line {number} has {line.Count(character => character == '\t')} tabs; expected SID, tab, title, tab, item id.");
                continue;
            }

            var id = line[(last + 1)..].Trim();
            if (!lines.TryAdd(id, (line[..first].Trim(), line[(first + 1)..last])))
                problems.Add($"line {number}: item id '{id}' occurs twice.");
        }

        return lines;
    }

    private static void Compare(
        MiniOneRecFiles files, Dictionary<string, SemanticId> sids, Dictionary<string, Item>? texts, Dictionary<string, (string Sid, string Title)>? info, List<string> problems)
    {
        CompareIds(files.Index, sids.Keys, files.Item, texts?.Keys, problems);
        CompareIds(files.Index, sids.Keys, files.Info, info?.Keys, problems);
        foreach (var (id, line) in info ?? [])
        {
            if (sids.TryGetValue(id, out var sid) && sid.ToString() != line.Sid)
                problems.Add($"item '{id}' has SID '{line.Sid}' in '{Path.GetFileName(files.Info)}' and '{sid}' in '{Path.GetFileName(files.Index)}'; expected the same.");
        }
    }

    private static void CompareIds(string indexFile, IReadOnlyCollection<string> index, string? otherFile, IReadOnlyCollection<string>? other, List<string> problems)
    {
        if (otherFile is null || other is null)
            return;
        foreach (var id in index.Except(other, StringComparer.Ordinal))
            problems.Add($"item '{id}' of '{Path.GetFileName(indexFile)}' is not in '{Path.GetFileName(otherFile)}'.");
        foreach (var id in other.Except(index, StringComparer.Ordinal))
            problems.Add($"item '{id}' of '{Path.GetFileName(otherFile)}' is not in '{Path.GetFileName(indexFile)}'.");
    }

    private static bool IsNumber(string id) =>
        id.Length is > 0 and < 19 && id.All(char.IsAsciiDigit) && (id.Length == 1 || id[0] != '0');
}
