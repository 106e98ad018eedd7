using System.Text.Json;
using SIDReasoner.Core.Items;
using SIDReasoner.Core.Text;
using SIDReasoner.TestSupport;
using Xunit;

namespace SIDReasoner.Core.Tests.Text;

public class PromptTemplateGoldenTests
{
    public static TheoryData<string> Models
    {
        get
        {
            var rows = new TheoryData<string>();
            IEnumerable<object[]> all = GoldenCases.DataFolders("models/*");
            foreach (var folder in all.Select(row => (string)row[0]).Where(HasPrompts).DefaultIfEmpty(GoldenCases.Absent))
                rows.Add(folder);
            return rows;
        }
    }

    [SkippableTheory]
    [MemberData(nameof(Models))]
    public void Build_EveryHistory_GivesThePythonPromptsIds(string model)
    {
        var folder = GoldenCases.RequireData(model);
        var catalog = ItemCatalog.Load(CatalogOf(folder));
        var template = PromptTemplate.Load(folder);
        var tokenizer = WithAddedEntries(TokenizerFolders.Qwen3(), folder);
        var vocabulary = tokenizer.SelectSidTokens(catalog.Sids);
        var compared = 0;

        foreach (var line in File.ReadAllText(Path.Combine(folder, "expected", "prompts.jsonl")).Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            using var document = JsonDocument.Parse(line);
            var row = document.RootElement;
            var history = History(row, catalog);
            Assert.Equal(row.GetProperty("text").GetString(), template.BuildText(history));
            Assert.Equal(TokenizerGoldenTests.Ids(row.GetProperty("ids")), template.Build(history, vocabulary, tokenizer));
            compared++;
        }

        foreach (var line in File.ReadAllText(Path.Combine(folder, "expected", "think.jsonl")).Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            using var document = JsonDocument.Parse(line);
            var row = document.RootElement;
            Assert.Equal(TokenizerGoldenTests.Ids(row.GetProperty("prompt_ids")), template.Build(History(row, catalog), vocabulary, tokenizer, thinks: true));
            Assert.Equal(row.GetProperty("thought").GetString(), tokenizer.Decode(TokenizerGoldenTests.Ids(row.GetProperty("thought_ids"))));
            compared++;
        }

        Assert.True(compared > 0, "no prompts");
        Assert.Equal(TokenizerFolders.Qwen3().VocabSize, vocabulary.TokenIds[0]);
        Assert.True(vocabulary.IsContiguous);
    }

    private static bool HasPrompts(string folder) =>
        folder != GoldenCases.Absent && File.Exists(Path.Combine(GoldenCases.DataRoot, folder, "expected", "prompts.jsonl"));

    /// <summary>Model "qwen3-industrial" was trained on catalogue "Industrial_and_Scientific".</summary>
    private static string CatalogOf(string model)
    {
        var name = Path.GetFileName(model).Split('-')[^1];
        var found = Directory.GetDirectories(GoldenCases.RequireData("amazon")).FirstOrDefault(folder => Path.GetFileName(folder).StartsWith(name, StringComparison.OrdinalIgnoreCase));
        Skip.If(found is null, $"No catalogue for '{model}' in '{GoldenCases.DataRoot}'.");
        return found!;
    }

    private static List<Item> History(JsonElement row, ItemCatalog catalog) =>
        [.. row.GetProperty("history").EnumerateArray().Select(id => catalog.TryGetIndex(id.GetRawText(), out var index) ? catalog.Items[index] : throw new InvalidOperationException(id.GetRawText()))];

    private static ByteLevelBpeTokenizer WithAddedEntries(ByteLevelBpeTokenizer tokenizer, string folder)
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "tokenizer.added.json")));
        var entries = document.RootElement.EnumerateArray().ToList();
        Assert.Equal(tokenizer.VocabSize, entries[0].GetProperty("id").GetInt32());
        return tokenizer.WithAddedTokens(entries.Select(entry => entry.GetProperty("content").GetString()!));
    }
}
