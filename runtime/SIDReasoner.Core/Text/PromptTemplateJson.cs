using System.Text.Encodings.Web;
using System.Text.Json;
using SIDReasoner.Core.Checkpoints;
using SIDReasoner.Core.Configuration;

namespace SIDReasoner.Core.Text;

/// <summary>prompt.json to <see cref="PromptTemplate"/> and back.</summary>
internal static class PromptTemplateJson
{
    private const string Order = "oldest first";

    public static PromptTemplate Load(string path)
    {
        using var document = JsonFile.ReadObject(path);
        var problems = new List<string>();
        var fields = new JsonFields(document.RootElement, problems);
        if ((fields.Text("history_order") ?? Order) is var order && order != Order)
            problems.Add($"'history_order' is '{order}'; expected '{Order}'.");
        var template = (fields.Text("kind") ?? "text") switch
        {
            "text" => ReadText(fields, problems),
            "window" => new PromptTemplate
            {
                Kind = PromptKind.Window,
                HistoryMaxItems = fields.Integer("history_max_items", 1, 10),
                Bos = fields.Text("bos") ?? "<bos>",
            },
            var kind => Unknown(kind, problems),
        };
        return problems.Count == 0 ? template : throw new InvalidFileException(path, problems);
    }

    public static void Save(PromptTemplate template, string path) => AtomicFile.Write(path, stream =>
    {
        using var json = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
        json.WriteStartObject();
        json.WriteString("kind", template.Kind == PromptKind.Window ? "window" : "text");
        if (template.Kind == PromptKind.Window)
            json.WriteString("bos", template.Bos);
        json.WriteNumber("history_max_items", template.HistoryMaxItems);
        json.WriteString("history_order", Order);
        if (template.Kind == PromptKind.Text)
            WriteText(json, template);
        json.WriteEndObject();
        json.Flush();
        stream.WriteByte((byte)'\n');
    });

    private static PromptTemplate ReadText(JsonFields fields, List<string> problems)
    {
        var template = new PromptTemplate
        {
            HistoryMaxItems = fields.Integer("history_max_items", 1, 10),
            System = fields.Text("system") ?? "",
            HistorySeparator = fields.Text("history_separator") ?? ", ",
            HistoryItem = fields.Text("history_item") ?? "{sid}",
            User = fields.Text("user") ?? "",
            UserThink = fields.Text("user_think"),
            Layout = fields.Text("layout") ?? "",
            NoThinkBlock = fields.Text("no_think_block") ?? "",
            ThinkOpen = fields.Text("think_open") ?? "",
            ThinkClose = fields.Text("think_close") ?? "",
            ReplyEnd = fields.Text("reply_end") ?? "",
            ReferenceEnd = fields.Object("notes")?.TokenIds("reference_end") ?? [],
        };
        Require("user", template.User, "{history}", problems);
        Require("layout", template.Layout, "{user}", problems);
        if (template.UserThink is not null)
            Require("user_think", template.UserThink, "{history}", problems);
        if (!template.HistoryItem.Contains("{sid}", StringComparison.Ordinal) && !template.HistoryItem.Contains("{title}", StringComparison.Ordinal))
            problems.Add($"'history_item' is '{template.HistoryItem}'; expected '{{sid}}' or '{{title}}' in it.");
        if (template.ReferenceEnd.Count is not (0 or 2))
            problems.Add($"'notes.reference_end' has {template.ReferenceEnd.Count} token ids; expected two, newline and end of turn.");
        return template;
    }

    private static void Require(string name, string text, string placeholder, List<string> problems)
    {
        if (!text.Contains(placeholder, StringComparison.Ordinal))
            problems.Add(text.Length == 0 ? $"'{name}' is missing or empty; expected a text with '{placeholder}'." : $"'{name}' is '{text}'; expected '{placeholder}' in it.");
    }

    private static PromptTemplate Unknown(string kind, List<string> problems)
    {
        problems.Add($"'kind' is '{kind}'; expected 'text' or 'window'.");
        return new PromptTemplate();
    }

    private static void WriteText(Utf8JsonWriter json, PromptTemplate template)
    {
        json.WriteString("system", template.System);
        json.WriteString("history_separator", template.HistorySeparator);
        json.WriteString("history_item", template.HistoryItem);
        json.WriteString("user", template.User);
        if (template.UserThink is not null)
            json.WriteString("user_think", template.UserThink);
        json.WriteString("layout", template.Layout);
        json.WriteString("no_think_block", template.NoThinkBlock);
        json.WriteString("think_open", template.ThinkOpen);
        json.WriteString("think_close", template.ThinkClose);
        json.WriteString("reply_end", template.ReplyEnd);
        if (template.ReferenceEnd.Count == 0)
            return;
        json.WriteStartObject("notes");
        json.WriteStartArray("reference_end");
        foreach (var id in template.ReferenceEnd)
            json.WriteNumberValue(id);
        json.WriteEndArray();
        json.WriteEndObject();
    }
}
