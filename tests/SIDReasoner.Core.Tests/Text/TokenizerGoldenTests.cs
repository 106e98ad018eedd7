using System.Text.Json;
using SIDReasoner.Core.SemanticIds;
using SIDReasoner.TestSupport;
using Xunit;

namespace SIDReasoner.Core.Tests.Text;

public class TokenizerGoldenTests
{
    public static TheoryData<string> Folders()
    {
        var rows = new TheoryData<string>();
        IEnumerable<object[]> all = GoldenCases.DataFolders("*", "models/*");
        var folders = all.Select(row => (string)row[0])
            .Where(folder => folder != GoldenCases.Absent && File.Exists(Path.Combine(GoldenCases.DataRoot, folder, "tokens.jsonl"))).DefaultIfEmpty(GoldenCases.Absent);
        foreach (var folder in folders)
            rows.Add(folder);
        return rows;
    }

    [SkippableTheory]
    [MemberData(nameof(Folders))]
    public void Encode_EveryText_GivesItsIdsAndBack(string folder)
    {
        var path = GoldenCases.RequireData(folder);
        var tokenizer = TokenizerFolders.Load(path);
        var wrong = new List<string>();
        var lines = 0;

        foreach (var line in File.ReadAllText(Path.Combine(path, "tokens.jsonl")).Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            using var document = JsonDocument.Parse(line);
            var text = document.RootElement.GetProperty("text").GetString()!;
            var expected = Ids(document.RootElement.GetProperty("ids"));
            lines++;
            if (!expected.SequenceEqual(tokenizer.Encode(text)))
                wrong.Add($"{JsonSerializer.Serialize(text)}: {string.Join(' ', tokenizer.Encode(text))} != {string.Join(' ', expected)}");
            else if (!tokenizer.Encode(tokenizer.Decode(expected)).SequenceEqual(expected) && !text.Contains('\uFFFD'))
                wrong.Add($"{JsonSerializer.Serialize(text)} does not survive decoding: {JsonSerializer.Serialize(tokenizer.Decode(expected))}");
        }

        Assert.True(lines > 0, "tokens.jsonl is empty");
        Assert.True(wrong.Count == 0, string.Join('\n', wrong.Take(20)));
    }

    [SkippableFact]
    public void Encode_FromManyThreads_SameIds()
    {
        var tokenizer = TokenizerFolders.Qwen3();
        var texts = Enumerable.Range(0, 64).Select(i => $"Item {i}: caf\u00e9 \U0001D49C{i * 7919} <think> pens &amp; glue no. {i % 7}").ToArray();
        var expected = texts.Select(tokenizer.Encode).ToArray();

        Parallel.For(0, 512, i => Assert.Equal(expected[i % 64], tokenizer.Encode(texts[i % 64])));
    }

    [SkippableFact]
    public void Encode_WithSidTokensAdded_GivesTheirIds()
    {
        var path = GoldenCases.RequireData("tokenizer-qwen3");
        var sids = from level in "abc" from code in Enumerable.Range(0, 256) select $"<{level}_{code}>";
        var tokenizer = TokenizerFolders.Qwen3().WithAddedTokens(sids.Order(StringComparer.Ordinal));
        var wrong = new List<string>();

        foreach (var line in File.ReadAllText(Path.Combine(path, "tokens.jsonl")).Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            using var document = JsonDocument.Parse(line);
            var text = document.RootElement.GetProperty("text").GetString()!;
            var expected = Ids(document.RootElement.TryGetProperty("ids_sid", out var own) ? own : document.RootElement.GetProperty("ids"));
            if (!expected.SequenceEqual(tokenizer.Encode(text)))
                wrong.Add($"{JsonSerializer.Serialize(text)}: {string.Join(' ', tokenizer.Encode(text))} != {string.Join(' ', expected)}");
        }

        Assert.Equal(151_669 + 768, tokenizer.VocabSize);
        Assert.True(wrong.Count == 0, string.Join('\n', wrong.Take(20)));
    }

    [SkippableFact]
    public void Encode_RenderedChats_GiveTheirIds()
    {
        var path = Path.Combine(GoldenCases.Root, "method", "chat.jsonl");
        Skip.IfNot(File.Exists(path), $"'{path}' is absent; set SIDR_GOLDEN.");
        var plain = TokenizerFolders.Qwen3();
        var office = OfficeTokens();
        var tokenizers = new Dictionary<string, Core.Text.ByteLevelBpeTokenizer>
        {
            ["none"] = plain,
            ["sid768"] = plain.WithAddedTokens((from level in "abc" from code in Enumerable.Range(0, 256) select $"<{level}_{code}>").Order(StringComparer.Ordinal)),
            ["office"] = plain.WithAddedTokens(office),
        };
        var compared = 0;

        foreach (var line in File.ReadAllText(path).Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            using var document = JsonDocument.Parse(line);
            if (!document.RootElement.TryGetProperty("text", out var text) || text.ValueKind != JsonValueKind.String)
                continue;
            var tokenizer = tokenizers[document.RootElement.GetProperty("vocab").GetString()!];
            Assert.Equal(Ids(document.RootElement.GetProperty("ids")), tokenizer.Encode(text.GetString()!));
            compared++;
        }

        Assert.True(compared > 0, "no chat has a text");
    }

    internal static int[] Ids(JsonElement array) => [.. array.EnumerateArray().Select(id => id.GetInt32())];

    private static IReadOnlyList<string> OfficeTokens()
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(GoldenCases.RequireData("amazon/Office_Products"), "index.json")));
        var sids = document.RootElement.EnumerateObject().Select(entry => new SemanticId(entry.Value.EnumerateArray().Select(token => token.GetString()!))).ToList();
        return SidVocabulary.Append(sids, 0).Tokens;
    }
}
