using System.Text.Json;
using SIDReasoner.Decoding;
using SIDReasoner.Export.Bundles;
using SIDReasoner.TestSupport;
using Xunit;

namespace SIDReasoner.Runtime.GenAI.Tests;

/// <summary>The recommender that Python trained on real items: both engines give one list, and it is Python's.</summary>
public sealed class EnginesGoldenTests : IDisposable
{
    private const int Rows = 40;
    private const float Tolerance = 1e-4f;

    private readonly string _temporary = Directory.CreateTempSubdirectory("sidr-industrial-").FullName;

    public void Dispose() => Directory.Delete(_temporary, recursive: true);

    [SkippableTheory]
    [InlineData("exact", ScoreMode.Exact)]
    [InlineData("catalog", ScoreMode.Catalog)]
    [InlineData("reference", ScoreMode.Reference)]
    public async Task RecommendAsync_IndustrialRows_GivePythonsListOnBothEngines(string file, ScoreMode mode)
    {
        var expectedFolder = Path.Combine(GoldenCases.RequireData("models/qwen3-industrial"), "expected");
        var catalog = GoldenCases.RequireData("amazon/Industrial_and_Scientific");
        var checkpoint = Directory.CreateDirectory(Path.Combine(_temporary, "checkpoint")).FullName;
        var bundle = Path.Combine(_temporary, "bundle");
        HubFolders.WriteIndustrial(checkpoint);
        BundleExporter.Export(new BundleExportOptions { Checkpoint = checkpoint, Catalog = catalog, Output = bundle });
        var options = new RecommenderOptions { BundlePath = bundle, Threads = 1, MaxParallel = 2 };
        using var onnx = Recommender.Open(options);
        using var genAi = Recommender.Open(options, (opened, _) => GenAiEngine.Load(opened, new GenAiEngineOptions { Threads = 1 }));
        var prompts = File.ReadLines(Path.Combine(expectedFolder, "prompts.jsonl")).Take(Rows).Select(Parse).ToList();
        var golden = File.ReadLines(Path.Combine(expectedFolder, file + ".jsonl")).Select(Parse).DistinctBy(row => row.GetProperty("row").GetInt32()).ToDictionary(row => row.GetProperty("row").GetInt32());
        var beams = mode == ScoreMode.Reference ? 10 : 50;

        foreach (var prompt in prompts)
        {
            var request = new RecommendRequest
            {
                History = [.. prompt.GetProperty("history").EnumerateArray().Select(item => item.GetRawText())],
                K = beams,
                BeamWidth = beams,
                ScoreMode = mode,
            };
            var one = await onnx.RecommendAsync(request);
            var other = await genAi.RecommendAsync(request);

            Assert.Equal("genai", other.Engine);
            var row = golden[prompt.GetProperty("row").GetInt32()];
            float[] scores = [.. row.GetProperty("scores").EnumerateArray().Select(score => score.GetSingle())];
            string[] sids = [.. row.GetProperty("sids").EnumerateArray().Select(sid => sid.GetString()!)];
            Assert.Equal(sids.Length, other.Items.Count);
            for (var rank = 0; rank < sids.Length; rank++)
            {
                Assert.InRange(one.Items[rank].Score - other.Items[rank].Score, -Tolerance, Tolerance);
                Assert.InRange(other.Items[rank].Score - scores[rank], -2 * Tolerance, 2 * Tolerance);
                var near = Enumerable.Range(0, sids.Length).Where(place => Math.Abs(scores[place] - scores[rank]) <= 4 * Tolerance).Select(place => sids[place]).ToList();
                if (near.Count == 1)
                    Assert.Equal(near[0], other.Items[rank].Sid.ToString());
            }

            Assert.Equal(one.Items.Select(item => item.Sid), other.Items.Select(item => item.Sid));
        }

        Assert.Equal(Rows, prompts.Count);
    }

    private static JsonElement Parse(string line)
    {
        using var document = JsonDocument.Parse(line);
        return document.RootElement.Clone();
    }
}
