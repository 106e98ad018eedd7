using System.Text;
using System.Text.Json;
using SIDReasoner.Core.Checkpoints;
using SIDReasoner.Core.SemanticIds;

namespace SIDReasoner.Core.Items;

/// <summary>Reads histories and what came next.</summary>
public static class InteractionReader
{
    /// <summary>Reads MiniOneRec's <c>.csv</c> or <c>.csv.gz</c>, or our <c>.jsonl</c>, against a catalogue.</summary>
    /// <param name="csvOrJsonlPath">
    /// csv: columns <c>user_id</c>, <c>history_item_id</c> (Python list), <c>item_id</c>, and <c>history_item_sid</c>, <c>item_sid</c>, which are compared with the
    /// catalogue where they are there, and used where there are no id columns (the first item of the SID). Other columns are ignored.
    /// jsonl: <c>{"user_id", "history": [item ids], "target": item id}</c>; ids are strings or numbers, <c>user_id</c> may be absent.
    /// </param>
    /// <param name="catalog">Gives the item indexes.</param>
    /// <returns>The rows in the order of the file; at least one.</returns>
    /// <exception cref="InvalidFileException">A column is missing; a history is empty; an id or SID is unknown; a list cannot be read: every problem with its line.</exception>
    /// <exception cref="SidReasonerException">The file is missing or cannot be read.</exception>
    /// <remarks>Source: SIDReasoner's and MiniOneRec's interaction files.</remarks>
    public static IReadOnlyList<Interaction> Load(string csvOrJsonlPath, ItemCatalog catalog)
    {
        ArgumentException.ThrowIfNullOrEmpty(csvOrJsonlPath);
        ArgumentNullException.ThrowIfNull(catalog);
        var problems = new List<string>();
        List<Interaction> rows;
        try
        {
            rows = csvOrJsonlPath.EndsWith(".jsonl", StringComparison.OrdinalIgnoreCase)
                ? ReadJsonLines(csvOrJsonlPath, catalog, problems)
                : ReadCsv(csvOrJsonlPath, catalog, problems);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new SidReasonerException($"Cannot read '{csvOrJsonlPath}': {error.Message}", error);
        }

        if (problems.Count == 0 && rows.Count == 0)
            problems.Add("there are no rows.");
        return problems.Count == 0 ? rows : throw new InvalidFileException(csvOrJsonlPath, problems);
    }

    private static List<Interaction> ReadCsv(string path, ItemCatalog catalog, List<string> problems)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 16);
        var rows = new List<Interaction>();
        var fields = new List<string>();
        CsvReader? csv = null;
        try
        {
            using Stream stream = path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase) ? WholeGzip.Open(file) : file;
            using var text = new StreamReader(stream, new UTF8Encoding(false, throwOnInvalidBytes: true), detectEncodingFromByteOrderMarks: true, 1 << 16);
            csv = new CsvReader(text);
            if (!csv.Read(fields))
            {
                problems.Add("is empty; expected a header line.");
                return rows;
            }

            var columns = CsvColumns.Find(fields, problems);
            if (columns is null)
                return rows;
            var width = fields.Count;
            while (csv.Read(fields))
            {
                var before = problems.Count;
                var row = fields.Count == width
                    ? columns.Read(fields, catalog, problems)
                    : Fail<Interaction>($"has {fields.Count} fields; the header has {width}.", problems);
                for (var i = before; i < problems.Count; i++)
                    problems[i] = $"line {csv.Line}: {problems[i]}";
                if (row is not null)
                    rows.Add(row);
            }
        }
        catch (FormatException error)
        {
            problems.Add($"line {csv!.Line}: {error.Message}.");
        }
        catch (DecoderFallbackException)
        {
            problems.Add($"after line {csv!.Line}: not valid UTF-8. Save the file as UTF-8.");
        }
        catch (InvalidDataException error)
        {
            problems.Add($"after line {csv?.Line ?? 0}: {error.Message.TrimEnd('.')}. Copy the file again.");
        }

        return rows;
    }

    private static List<Interaction> ReadJsonLines(string path, ItemCatalog catalog, List<string> problems)
    {
        var rows = new List<Interaction>();
        foreach (var (number, line) in JsonLines.Read(path, problems))
        {
            var found = new List<string>();
            var user = line.TryGetProperty("user_id", out var value) ? ItemIds.Text(value) ?? "" : "";
            var history = new List<int>();
            if (!line.TryGetProperty("history", out var list) || list.ValueKind != JsonValueKind.Array)
            {
                found.Add($"'history' is {JsonFile.Name(list.ValueKind)}; expected an array of item ids.");
            }
            else
            {
                if (list.GetArrayLength() == 0)
                    found.Add("'history' is empty; expected at least one item.");
                foreach (var element in list.EnumerateArray())
                    AddItem(ItemIds.Text(element) ?? element.GetRawText(), "history", catalog, history, found);
            }

            var target = new List<int>();
            if (ItemIds.Read(line, "target", found) is { } id)
                AddItem(id, "target", catalog, target, found);
            problems.AddRange(found.Select(problem => $"line {number}: {problem}"));
            if (found.Count == 0)
                rows.Add(new Interaction(user, history, target[0]));
        }

        return rows;
    }

    internal static void AddItem(string id, string column, ItemCatalog catalog, List<int> into, List<string> problems)
    {
        if (catalog.TryGetIndex(id, out var index))
            into.Add(index);
        else
            problems.Add($"{column} names item '{id}', which is not in the catalog of {catalog.Items.Count} items.");
    }

    internal static void AddSid(string text, string column, ItemCatalog catalog, List<int> into, List<string> problems)
    {
        if (!SemanticId.TryParse(text, out var sid))
            problems.Add($"{column} holds '{text}'; expected a SID such as '<a_12><b_3><c_7>'.");
        else if (catalog.ItemsOf(sid) is { Count: > 0 } items)
            into.Add(items[0]);
        else
            problems.Add($"{column} names SID '{sid}', which no item of the catalog has.");
    }

    private static T? Fail<T>(string problem, List<string> problems)
        where T : class
    {
        problems.Add(problem);
        return null;
    }
}
