using System.Text.Json;
using SIDReasoner.Core.Items;
using SIDReasoner.Core.Text;
using SIDReasoner.TestSupport;
using Xunit;

namespace SIDReasoner.Core.Tests.Text;

public class PromptTemplateGoldenTests
{
    [SkippableTheory]
    [InlineData("models/qwen3-industrial", "amazon/Industrial_and_Scientific")]
    public void Build_EveryHistory_GivesThePythonPromptsIds(string model, string data)
    {
        var folder = GoldenCases.RequireData(model);
        var catalog = ItemCatalog.Load(GoldenCases.RequireData(data));
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

        Assert.Equal(170, compared);
        Assert.Equal([198, 151645], template.ReferenceEnd);
        Assert.Equal((151_669, 152_228), (vocabulary.TokenIds[0], vocabulary.TokenIds[^1]));
        Assert.True(vocabulary.IsContiguous);
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
