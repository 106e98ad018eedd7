using System.Text.Json;
using SIDReasoner.Export.Bundles;
using SIDReasoner.TestSupport;
using Xunit;

namespace SIDReasoner.Runtime.Tests;

/// <summary>Thoughts of the recommender that Python trained, by history and by prompt_ids: token for token, then the ranking behind them.</summary>
public sealed class Qwen3ThinkingGoldenTests : IDisposable
{
    private readonly string _temporary = Directory.CreateTempSubdirectory("sidr-industrial-").FullName;

    [SkippableFact]
    public async Task RecommendAsync_ThinkRows_ThinkAndRankAsPythonDid()
    {
        string expected = Path.Combine(GoldenCases.RequireData("models/qwen3-industrial"), "expected", "think.jsonl");
        string catalog = GoldenCases.RequireData("amazon/Industrial_and_Scientific");
        string checkpoint = Directory.CreateDirectory(Path.Combine(_temporary, "checkpoint")).FullName;
        string bundle = Path.Combine(_temporary, "bundle");
        HubFolders.WriteIndustrial(checkpoint);
        BundleExporter.Export(new BundleExportOptions { Checkpoint = checkpoint, Catalog = catalog, Output = bundle });
        using var recommender = Recommender.Open(new RecommenderOptions { BundlePath = bundle, Threads = 1, MaxParallel = 1 });
        int compared = 0;

        foreach (string line in File.ReadLines(expected))
        {
            using JsonDocument document = JsonDocument.Parse(line);
            JsonElement row = document.RootElement;
            string[] history = [.. row.GetProperty("history").EnumerateArray().Select(item => item.GetRawText())];
            int[] prompt = [.. row.GetProperty("prompt_ids").EnumerateArray().Select(id => id.GetInt32())];
            var thinking = new ThinkingRequest { Budget = 64 };

            Recommendation byHistory = await recommender.RecommendAsync(new RecommendRequest { History = history, Thinking = thinking });
            Recommendation byPrompt = await recommender.RecommendAsync(new RecommendRequest { PromptIds = prompt, Thinking = thinking });

            Assert.Equal(prompt.Length, byHistory.PromptTokens);
            foreach (Recommendation answer in new[] { byHistory, byPrompt })
            {
                AssertSame(row, answer);
            }

            compared++;
        }

        Assert.True(compared > 0);
    }

    public void Dispose() => Directory.Delete(_temporary, recursive: true);

    private static void AssertSame(JsonElement row, Recommendation answer)
    {
        Assert.Equal(row.GetProperty("thought_ids").EnumerateArray().Select(id => id.GetInt32()), answer.Thinking!.TokenIds);
        Assert.Equal(row.GetProperty("thought").GetString(), answer.Thinking.Text);
        Assert.Equal(row.GetProperty("closed").GetBoolean(), answer.Thinking.IsClosed);
        string[] sids = [.. row.GetProperty("sids").EnumerateArray().Select(sid => sid.GetString()!)];
        float[] scores = [.. row.GetProperty("scores").EnumerateArray().Select(score => score.GetSingle())];
        Assert.Equal(sids.Length, answer.Items.Count);
        for (int rank = 0; rank < sids.Length; rank++)
        {
            Assert.Equal(scores[rank], answer.Items[rank].Score, 1e-4f);
            Assert.Contains(answer.Items[rank].Sid.ToString(), sids.Where((_, other) => Math.Abs(scores[other] - scores[rank]) <= 1e-4f));
        }
    }
}
