using System.Text.Json;
using SIDReasoner.Core.Evaluation;
using SIDReasoner.Core.Items;
using SIDReasoner.Core.SemanticIds;
using SIDReasoner.TestSupport;
using Xunit;

namespace SIDReasoner.Core.Tests.Evaluation;

public class MetricsGoldenTests
{
    public static TheoryData<int> Cases
    {
        get
        {
            var rows = new TheoryData<int>();
            var path = Path.Combine(GoldenCases.Root, "method", "metrics.json");
            if (!File.Exists(path))
            {
                rows.Add(-1);
                return rows;
            }

            using var document = JsonDocument.Parse(File.ReadAllBytes(path));
            for (var number = 0; number < document.RootElement.GetProperty("cases").GetArrayLength(); number++)
                rows.Add(number);
            return rows;
        }
    }

    [SkippableTheory]
    [MemberData(nameof(Cases))]
    public void Metrics_PredictionsOfTheReference_Equal(int number)
    {
        Skip.If(number < 0, $"No metrics.json in '{GoldenCases.Root}'; set SIDR_GOLDEN.");
        using var cases = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(GoldenCases.Root, "method", "metrics.json")));
        var expected = cases.RootElement.GetProperty("cases")[number];
        using var predictions = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(GoldenCases.Root, "method", expected.GetProperty("file").GetString()!)));
        var catalog = ItemCatalog.Load(GoldenCases.RequireData(Path.Combine("amazon", expected.GetProperty("category").GetString()!)));
        var ranks = new List<int>();
        var itemRanks = new List<int>();

        foreach (var row in predictions.RootElement.EnumerateArray())
        {
            var output = row.GetProperty("output");
            var target = (output.ValueKind == JsonValueKind.Array ? output[0].GetString()! : output.GetString()!).Trim('"', '\n', ' ');
            var ranked = row.GetProperty("predict").EnumerateArray().Select(text => Sid(Clean(text.GetString()!))).ToList();
            ranks.Add(TargetRank.OfSid(ranked, Sid(target)));
            Assert.True(catalog.TryGetIndex(row.GetProperty("item").ToString(), out var item));
            itemRanks.Add(TargetRank.OfItem(ranked, item, catalog));
        }

        Assert.Equal(TokensOf(expected, "ranks"), ranks);
        Assert.Equal(TokensOf(expected, "item_ranks"), itemRanks);
        var cutoffs = TokensOf(expected, "k");
        for (var i = 0; i < cutoffs.Count; i++)
        {
            Assert.Equal(expected.GetProperty("hr")[i].GetDouble(), RankingMetrics.HitRate([.. ranks], cutoffs[i]), 1e-9);
            Assert.Equal(expected.GetProperty("ndcg")[i].GetDouble(), RankingMetrics.Ndcg([.. ranks], cutoffs[i]), 1e-9);
            Assert.Equal(expected.GetProperty("item_hr")[i].GetDouble(), RankingMetrics.HitRate([.. itemRanks], cutoffs[i]), 1e-9);
            Assert.Equal(expected.GetProperty("item_ndcg")[i].GetDouble(), RankingMetrics.Ndcg([.. itemRanks], cutoffs[i]), 1e-9);
        }
    }

    private static List<int> TokensOf(JsonElement element, string name) => [.. element.GetProperty(name).EnumerateArray().Select(value => value.GetInt32())];

    /// <summary>What calc.py strips from a prediction: quotes and line ends, then blanks, at both ends.</summary>
    private static string Clean(string text) => text.Trim('"', '\n').Trim();

    /// <summary>Predictions may be any text: what is no SID becomes one that no item has.</summary>
    private static SemanticId Sid(string text) => SemanticId.TryParse(text, out var sid) ? sid : new SemanticId([$"<not:{Convert.ToHexString(System.Text.Encoding.UTF8.GetBytes(text))}>"]);
}
