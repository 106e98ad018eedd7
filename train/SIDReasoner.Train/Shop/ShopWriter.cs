using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using SIDReasoner.Core.Checkpoints;
using SIDReasoner.Core.Items;

namespace SIDReasoner.Train.Shop;

/// <summary>Writes a shop as MiniOneRec's files plus <c>facts.json</c>, byte for byte the same on every machine: UTF-8, line feeds.</summary>
internal sealed class ShopWriter(GeneratedShop shop)
{
    // The reference's files hold <a_12> as it is, so angle brackets are not escaped.
    private static readonly JsonWriterOptions s_json = new()
    {
        Indented = true,
        NewLine = "\n",
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public void Write(string folder)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        Directory.CreateDirectory(folder);
        WriteJson(Path.Combine(folder, "index.json"), WriteIndex);
        WriteJson(Path.Combine(folder, "item.json"), WriteItems);
        AtomicFile.WriteText(Path.Combine(folder, "info.txt"), string.Concat(shop.Catalog.Items.Select(item => $"{item.Sid}\t{item.Title}\t{item.Id}\n")));
        WriteJson(Path.Combine(folder, "facts.json"), WriteFacts);
        foreach (ShopSplit split in new[] { shop.Plain, shop.MultiHop })
        {
            string target = Path.Combine(folder, split.Name);
            Directory.CreateDirectory(target);
            AtomicFile.WriteText(Path.Combine(target, "train.csv"), Rows(split.Train));
            AtomicFile.WriteText(Path.Combine(target, "valid.csv"), Rows(split.Valid));
            AtomicFile.WriteText(Path.Combine(target, "test.csv"), Rows(split.Test));
        }
    }

    private static void WriteJson(string path, Action<Utf8JsonWriter> body) => AtomicFile.Write(path, stream =>
    {
        using (var json = new Utf8JsonWriter(stream, s_json))
        {
            json.WriteStartObject();
            body(json);
            json.WriteEndObject();
        }

        stream.Write("\n"u8);
    });

    private void WriteIndex(Utf8JsonWriter json)
    {
        foreach (Item item in shop.Catalog.Items)
        {
            json.WriteStartArray(item.Id);
            foreach (string token in item.Sid.Tokens)
            {
                json.WriteStringValue(token);
            }

            json.WriteEndArray();
        }
    }

    private void WriteItems(Utf8JsonWriter json)
    {
        foreach (Item item in shop.Catalog.Items)
        {
            json.WriteStartObject(item.Id);
            json.WriteString("title", item.Title);
            json.WriteString("description", item.Description);
            json.WriteString("brand", item.Brand);
            json.WriteString("categories", item.Categories);
            json.WriteEndObject();
        }
    }

    private void WriteFacts(Utf8JsonWriter json)
    {
        json.WriteNumber("version", 1);
        json.WriteNumber("seed", shop.Options.Seed);
        WriteWords(json, "categories", ShopWords.Categories);
        WriteWords(json, "brands", ShopWords.Brands);
        WriteWords(json, "tiers", ShopWords.Tiers);
        WriteWords(json, "colors", ShopWords.Colors);
        WriteTable(json, "route", shop.Facts.Route, ShopWords.Categories, ShopWords.Categories);
        WriteTable(json, "accessory", shop.Facts.Accessory, ShopWords.Categories, ShopWords.Categories);
        WriteTables(json, "maker", shop.Facts.Maker, ShopWords.Categories, ShopWords.Brands, ShopWords.Brands);
        WriteTables(json, "addon", shop.Facts.AddOn, ShopWords.Brands, ShopWords.Categories, ShopWords.Categories);
        WriteTables(json, "level", shop.Facts.Level, ShopWords.Brands, ShopWords.Tiers, ShopWords.Tiers);
        WriteWords(json, "unseen_item_ids", shop.UnseenItems.Select(item => shop.Catalog.Items[item].Id));
    }

    private static void WriteWords(Utf8JsonWriter json, string name, IEnumerable<string> words)
    {
        json.WriteStartArray(name);
        foreach (string word in words)
        {
            json.WriteStringValue(word);
        }

        json.WriteEndArray();
    }

    private static void WriteTable(Utf8JsonWriter json, string name, IReadOnlyList<int> table, IReadOnlyList<string> keys, IReadOnlyList<string> values)
    {
        json.WriteStartObject(name);
        for (int i = 0; i < table.Count; i++)
        {
            json.WriteString(keys[i], values[table[i]]);
        }

        json.WriteEndObject();
    }

    private static void WriteTables(
        Utf8JsonWriter json, string name, IReadOnlyList<IReadOnlyList<int>> tables, IReadOnlyList<string> rows, IReadOnlyList<string> keys, IReadOnlyList<string> values)
    {
        json.WriteStartObject(name);
        for (int i = 0; i < tables.Count; i++)
        {
            WriteTable(json, rows[i], tables[i], keys, values);
        }

        json.WriteEndObject();
    }

    private string Rows(IReadOnlyList<Interaction> rows)
    {
        var text = new StringBuilder("user_id,history_item_title,item_title,history_item_id,item_id,history_item_sid,item_sid\n");
        foreach (Interaction row in rows)
        {
            IReadOnlyList<Item> items = shop.Catalog.Items;
            Item target = items[row.Target];
            text.Append(row.UserId)
                .Append(',').Append(List(row.History.Select(item => $"'{items[item].Title}'"))).Append(',').Append(target.Title)
                .Append(',').Append(List(row.History.Select(item => items[item].Id))).Append(',').Append(target.Id)
                .Append(',').Append(List(row.History.Select(item => $"'{items[item].Sid}'"))).Append(',').Append(target.Sid)
                .Append('\n');
        }

        return text.ToString();
    }

    // A Python list literal, quoted as a CSV field. The shop's words hold neither quotes nor commas.
    private static string List(IEnumerable<string> values) => $"\"[{string.Join(", ", values)}]\"";
}
