using System.Text.Encodings.Web;
using System.Text.Json;
using SIDReasoner.Core.Checkpoints;
using SIDReasoner.Core.Configuration;
using SIDReasoner.Core.SemanticIds;

namespace SIDReasoner.Core.Items;

/// <summary>items.jsonl: a JSON object a line, in order of item index.</summary>
internal static class ItemsJsonLines
{
    public const string FileName = "items.jsonl";

    public static void Write(string path, IReadOnlyList<Item> items) => AtomicFile.Write(path, stream =>
    {
        using var json = new Utf8JsonWriter(stream, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
        foreach (var item in items)
        {
            json.WriteStartObject();
            json.WriteString("id", item.Id);
            json.WriteString("title", item.Title);
            json.WriteString("sid", item.Sid.ToString());
            WriteUnlessEmpty(json, "description", item.Description);
            WriteUnlessEmpty(json, "brand", item.Brand);
            WriteUnlessEmpty(json, "categories", item.Categories);
            json.WriteEndObject();
            json.Flush();
            stream.WriteByte((byte)'\n');
            json.Reset();
        }
    });

    /// <summary>Reads the lines; empty lines are skipped, problems gathered with line numbers.</summary>
    public static List<Item> Read(string path, List<string> problems)
    {
        var items = new List<Item>();
        foreach (var (number, line) in JsonLines.Read(path, problems))
        {
            var found = new List<string>();
            var fields = new JsonFields(line, found);
            var id = ItemIds.Read(line, "id", found);
            var title = fields.Text("title") ?? "";
            var text = fields.Text("sid");
            SemanticId? sid = null;
            if (string.IsNullOrWhiteSpace(text))
                found.Add($"item '{id}' has an empty SID; expected tokens such as '<a_12><b_3><c_7>'.");
            else if (!SemanticId.TryParse(text, out sid))
                found.Add($"item '{id}' has SID '{text}'; expected tokens such as '<a_12><b_3><c_7>'.");
            var item = sid is null ? null : new Item(id ?? "", title, sid)
            {
                Description = fields.Text("description") ?? "",
                Brand = fields.Text("brand") ?? "",
                Categories = fields.Text("categories") ?? "",
            };
            problems.AddRange(found.Select(problem => $"line {number}: {problem}"));
            if (item is not null && found.Count == 0)
                items.Add(item);
        }

        return items;
    }

    private static void WriteUnlessEmpty(Utf8JsonWriter json, string name, string value)
    {
        if (value.Length > 0)
            json.WriteString(name, value);
    }
}
