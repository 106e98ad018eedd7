using System.Text.Json;
using SIDReasoner.Core.Checkpoints;
using SIDReasoner.Core.Items;
using SIDReasoner.Core.Tries;
using SIDReasoner.Decoding;
using SIDReasoner.Decoding.Kernels;
using SIDReasoner.Export.Bundles;
using SIDReasoner.TestSupport;
using Xunit;

namespace SIDReasoner.Runtime.Tests.Model;

/// <summary>A recommender that Python trained, as a hub folder has it: bfloat16, the whole Qwen3 tokenizer, SID tokens found there.</summary>
public sealed class Qwen3IndustrialGoldenTests : IDisposable
{
    private const string Folder = "models/qwen3-industrial";
    private const float Tolerance = 1e-4f;
    private const int BeamWidth = 50;
    private const int RowsShown = 20;

    private readonly string _temporary = Directory.CreateTempSubdirectory("sidr-industrial-").FullName;

    [SkippableFact]
    public void Export_ForeignCheckpoint_FindsItsSidTokensAndReferenceEnd()
    {
        using var source = Load();

        Assert.Equal(151_669, source.Bundle.Manifest.SidTokens!.FirstId);
        Assert.Equal(560, source.Bundle.Manifest.SidTokens.Texts.Count);
        Assert.Equal([198, 151_645], source.Bundle.Manifest.ReferenceEnd);
        Assert.Equal(3, source.Bundle.Manifest.Levels);
    }

    [SkippableFact]
    public void AppendTokens_ThreePrompts_GivesTheSidLogits()
    {
        using var source = Load();
        using var session = source.CreateSession();
        var expectedFolder = Path.Combine(GoldenCases.RequireData(Folder), "expected");
        using var expected = SafetensorsReader.Open(Path.Combine(expectedFolder, "forward.safetensors"));
        var prompts = Rows(Path.Combine(expectedFolder, "prompts.jsonl"));
        var rows = GoldenJson.Read(Path.Combine(expectedFolder, "forward.json")).GetProperty("rows").Ints();

        for (var i = 0; i < rows.Length; i++)
        {
            session.Rewind(0);
            session.AppendTokens(prompts[rows[i]].GetProperty("ids").Ints(), StepOutputs.SidLogits | StepOutputs.LogSumExp);

            var columns = session.SidColumnCount;
            Assert.InRange(GoldenJson.Distance(session.SidLogits.AsSpan(), expected.ReadFloats("sid_logits").AsSpan(i * columns, columns)), 0, Tolerance);
            Assert.InRange(GoldenJson.Distance(session.LogSumExp.AsSpan(), expected.ReadFloats("logsumexp").AsSpan(i, 1)), 0, Tolerance);
        }
    }

    [SkippableTheory]
    [InlineData("exact")]
    [InlineData("catalog")]
    public void Search_FiftyBeams_RanksAsPythonDid(string name)
    {
        using var source = Load();

        foreach (var (expected, found) in Lists(source, name).Take(RowsShown))
        {
            string[] sids = [.. expected.GetProperty("sids").EnumerateArray().Select(s => s.GetString()!)];
            var scores = expected.GetProperty("scores").Floats();
            Assert.Equal(sids.Length, found.Length);
            for (var rank = 0; rank < found.Length; rank++)
            {
                var score = scores[rank];
                Assert.InRange(found[rank].Score, score - Tolerance, score + Tolerance);
                Assert.Contains(found[rank].Sid, sids.Where((_, other) => MathF.Abs(scores[other] - score) <= Tolerance));
            }
        }
    }

    /// <summary>What rounding costs a ranking: the share of Python's float32 top ten that the rounded form finds, over 150 histories.</summary>
    /// <param name="precision">The form of the weights.</param>
    /// <param name="name">The score mode.</param>
    /// <param name="least">For int8 the promise; for int4 somewhat less than was measured.</param>
    [SkippableTheory]
    [Trait("Category", "Slow")]
    [InlineData("int8", "exact", 0.96)]
    [InlineData("int8", "catalog", 0.96)]
    [InlineData("int4", "exact", 0.80)]
    [InlineData("int4", "catalog", 0.80)]
    public void Search_RoundedWeights_SharesItsTopTenWithFloat32(string precision, string name, double least)
    {
        const int top = 10;
        using var source = Load(options => options with { Precisions = [precision] });
        var (rows, shared) = (0, 0.0);

        foreach (var (expected, found) in Lists(source, name))
        {
            var sids = expected.GetProperty("sids").EnumerateArray().Take(top).Select(s => s.GetString()!);
            shared += found.Take(top).Select(result => result.Sid).Intersect(sids).Count();
            rows++;
        }

        var overlap = shared / (top * rows);
        Assert.Equal(150, rows);
        Assert.True(source.Bundle.Manifest.CalibrationPrompts > 0);
        Assert.True(overlap >= least, $"{precision}, {name}: {overlap:P2} of the top ten are float32's; expected at least {least:P0}.");
    }

    public void Dispose() => Directory.Delete(_temporary, recursive: true);

    /// <summary>The folder as a hub has it: the base tokenizer with the new tokens appended, as the model's README says.</summary>
    private OnnxSessionSource Load(Func<BundleExportOptions, BundleExportOptions>? change = null)
    {
        var catalog = GoldenCases.RequireData("amazon/Industrial_and_Scientific");
        HubFolders.WriteIndustrial(_temporary);
        return new OnnxSessionSource(_temporary, catalog, change);
    }

    /// <summary>For each row that Python ranked in a score mode: its list, and ours of fifty beams, best first.</summary>
    private static IEnumerable<(JsonElement Expected, (string Sid, float Score)[] Found)> Lists(OnnxSessionSource source, string name)
    {
        using var session = source.CreateSession();
        using var trie = SidTrie.Open(source.Bundle.FilePath("catalog.sidtrie"));
        var catalog = ItemCatalog.Load(source.Bundle.Path);
        var mode = name == "exact" ? ScoreMode.Exact : ScoreMode.Catalog;
        var search = new SidBeamSearch(trie, new ManagedBeamKernel());
        var results = new Hypothesis[BeamWidth];
        var expectedFolder = Path.Combine(GoldenCases.RequireData(Folder), "expected");
        var prompts = Rows(Path.Combine(expectedFolder, "prompts.jsonl"));

        foreach (var (row, expected) in Rows(Path.Combine(expectedFolder, name + ".jsonl")))
        {
            session.Rewind(0);
            session.AppendTokens(prompts[row].GetProperty("ids").Ints(), SidBeamSearch.OutputsFor(mode));
            var found = search.Search(session, new SearchOptions { BeamWidth = BeamWidth, ScoreMode = mode }, results);
            yield return (expected, [.. results.Take(found).Select(result => (catalog.Items[trie.FirstItem(result.SidNumber)].Sid.ToString(), result.Score))]);
        }
    }

    private static Dictionary<int, JsonElement> Rows(string path) =>
        File.ReadLines(path).Select(line => JsonDocument.Parse(line).RootElement.Clone()).ToDictionary(row => row.GetProperty("row").GetInt32());
}
