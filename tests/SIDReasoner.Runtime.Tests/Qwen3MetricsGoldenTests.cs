using System.Text.Json;
using SIDReasoner.Core.Evaluation;
using SIDReasoner.Core.Items;
using SIDReasoner.Decoding;
using SIDReasoner.Export.Bundles;
using SIDReasoner.TestSupport;
using Xunit;

namespace SIDReasoner.Runtime.Tests;

/// <summary>HR@K and NDCG@K of the recommender that Python trained, over every test row; in transformers' own search over the 500 rows it was run on.</summary>
public sealed class Qwen3MetricsGoldenTests : IDisposable
{
    /// <summary>A row in four thousand may fall to either side of a tie of 1e-4.</summary>
    private const double Tolerance = 5e-4;

    private readonly string _temporary = Directory.CreateTempSubdirectory("sidr-industrial-").FullName;

    [SkippableTheory]
    [Trait("Category", "Full")]
    [InlineData("exact")]
    [InlineData("catalog")]
    [InlineData("reference")]
    public async Task RecommendManyAsync_EveryTestRow_GivesPythonsMetrics(string mode)
    {
        string expectedPath = Path.Combine(GoldenCases.RequireData("models/qwen3-industrial"), "expected", "metrics.json");
        string catalog = GoldenCases.RequireData("amazon/Industrial_and_Scientific");
        string checkpoint = Directory.CreateDirectory(Path.Combine(_temporary, "checkpoint")).FullName;
        string bundle = Path.Combine(_temporary, "bundle");
        HubFolders.WriteIndustrial(checkpoint);
        BundleExporter.Export(new BundleExportOptions { Checkpoint = checkpoint, Catalog = catalog, Output = bundle });
        using var recommender = Recommender.Open(new RecommenderOptions { BundlePath = bundle, Threads = 1 });
        IReadOnlyList<Interaction> rows = InteractionReader.Load(Path.Combine(catalog, "test.csv"), recommender.Catalog);
        using JsonDocument document = JsonDocument.Parse(await File.ReadAllTextAsync(expectedPath));
        JsonElement expected = document.RootElement.GetProperty(mode);
        int beams = expected.TryGetProperty("beams", out JsonElement own) ? own.GetInt32() : 50;
        if (expected.TryGetProperty("row_indices", out JsonElement indices))
        {
            rows = [.. indices.EnumerateArray().Select(index => rows[index.GetInt32()])];
        }

        IEnumerable<RecommendRequest> requests = rows.Select(row => new RecommendRequest
        {
            History = [.. row.History.Select(item => recommender.Catalog.Items[item].Id)],
            K = beams,
            BeamWidth = beams,
            ScoreMode = Enum.Parse<ScoreMode>(mode, ignoreCase: true),
        });
        var ranks = new List<int>();

        await foreach (Recommendation answer in recommender.RecommendManyAsync(requests))
        {
            ranks.Add(TargetRank.OfSid(answer.Items.Select(item => item.Sid), recommender.Catalog.Items[rows[ranks.Count].Target].Sid));
        }

        Assert.Equal(expected.GetProperty("rows").GetInt32(), ranks.Count);
        foreach (int k in new[] { 1, 5, 10, 20, 50 }.Where(k => k <= beams))
        {
            Assert.Equal(expected.GetProperty($"HR@{k}").GetDouble(), RankingMetrics.HitRate([.. ranks], k), Tolerance);
            Assert.Equal(expected.GetProperty($"NDCG@{k}").GetDouble(), RankingMetrics.Ndcg([.. ranks], k), Tolerance);
        }
    }

    public void Dispose() => Directory.Delete(_temporary, recursive: true);
}
