using System.Text.Json;
using SIDReasoner.TestSupport;
using Xunit;

namespace SIDReasoner.EndToEnd.Tests;

/// <summary>A recommender that Python trained, as a user meets it: exported and asked by the command line, on both engines, what transformers answered.</summary>
[Trait("Category", "Slow")]
public sealed class Qwen3IndustrialTests : IDisposable
{
    private const float Tolerance = 1e-4f;

    private static readonly string[] s_engines = ["onnxruntime", "genai"];

    private readonly string _temporary = Directory.CreateTempSubdirectory("sidr-industrial-").FullName;

    private string Bundle => Path.Combine(_temporary, "bundle");

    [SkippableFact]
    public void Recommend_EveryExpectedRow_GivesPythonsListInEachScoreModeOnBothEngines()
    {
        string expected = Export("config.json");
        Dictionary<int, int[]> prompts = Read(expected, "prompts").ToDictionary(row => row.GetProperty("row").GetInt32(), row => Ints(row.GetProperty("ids")));

        foreach (string mode in new[] { "exact", "catalog", "reference" })
        {
            foreach (IGrouping<int, JsonElement> rows in Read(expected, mode).GroupBy(row => row.TryGetProperty("beams", out JsonElement beams) ? beams.GetInt32() : 50))
            {
                string[] lines = [.. rows.Select(row => $$"""{"id": {{row.GetProperty("row")}}, "prompt_ids": [{{string.Join(',', prompts[row.GetProperty("row").GetInt32()])}}]}""")];
                JsonElement[][] answers = [.. s_engines.Select(engine => Recommend(engine, lines, "--score", mode, "--k", $"{rows.Key}", "--beams", $"{rows.Key}"))];

                Assert.Equal(lines.Length, answers[0].Length);
                Assert.Equal(answers[0].Select(Sids), answers[1].Select(Sids));
                Assert.All(answers.SelectMany(list => list.Zip(rows)), pair => AssertSame(pair.Second, pair.First));
            }
        }
    }

    [SkippableFact]
    public void Recommend_ThinkRows_ThinkAndRankAsPythonDidFromHistoriesAndPromptIds()
    {
        // The style of configuration that transformers 4 wrote.
        JsonElement[] rows = [.. Read(Export("config.v4.json"), "think")];
        string[] lines =
        [
            .. rows.Select(row => $$"""{"id": "h{{row.GetProperty("row")}}", "history": {{row.GetProperty("history").GetRawText()}}}"""),
            .. rows.Select(row => $$"""{"id": "p{{row.GetProperty("row")}}", "prompt_ids": {{row.GetProperty("prompt_ids").GetRawText()}}}"""),
        ];

        JsonElement[][] answers = [.. s_engines.Select(engine => Recommend(engine, lines, "--think", "--budget", "64", "--k", "10", "--beams", "10"))];

        Assert.Equal(2 * rows.Length, answers[0].Length);
        Assert.Equal(answers[0].Select(Sids), answers[1].Select(Sids));
        foreach ((JsonElement answer, JsonElement row) in answers.SelectMany(list => list.Zip([.. rows, .. rows])))
        {
            JsonElement thinking = answer.GetProperty("thinking");
            Assert.Equal(Ints(row.GetProperty("thought_ids")), Ints(thinking.GetProperty("token_ids")));
            Assert.Equal(row.GetProperty("thought").GetString(), thinking.GetProperty("text").GetString());
            Assert.Equal(row.GetProperty("closed").GetBoolean(), thinking.GetProperty("closed").GetBoolean());
            AssertSame(row, answer);
        }
    }

    [SkippableFact]
    public void Compare_WriteOverTheExpectedRows_SharesWhatPythonFoundAndMakesCatalogTheDefault()
    {
        string expected = Export("config.json"), data = Path.Combine(_temporary, "rows.csv");
        string[] test = File.ReadAllLines(Path.Combine(GoldenCases.RequireData("amazon/Industrial_and_Scientific"), "test.csv"));
        File.WriteAllLines(data, [test[0], .. Read(expected, "prompts").Select(row => test[row.GetProperty("row").GetInt32() + 1])]);

        HostResult result = HostProcess.Sidr("evaluate", "--bundle", Bundle, "--data", data, "--beams", "50", "--compare", "--write", "--json");
        string inspected = HostProcess.Succeed(HostProcess.Sidr("inspect", "--bundle", Bundle));

        JsonElement pair = Parse(HostProcess.Succeed(result)).GetProperty("pairs").EnumerateArray().Single(pair => pair.GetProperty("score_mode").GetString() == "catalog");
        string[][] exact = TopTens(expected, "exact"), catalog = TopTens(expected, "catalog");

        // Two rows have neighbours closer than the tolerance among the first ten.
        Assert.Equal(exact.Zip(catalog, (a, b) => a.Intersect(b).Count() / 10.0).Average(), pair.GetProperty("top10_overlap").GetDouble(), 2 / 1500.0);
        Assert.Equal(exact.Zip(catalog, (a, b) => a[0] == b[0] ? 1.0 : 0).Average(), pair.GetProperty("same_first").GetDouble(), 1e-6);
        Assert.Contains("now scored by catalog", result.Error, StringComparison.Ordinal);
        Assert.Contains("catalog by default", inspected, StringComparison.Ordinal);
        Assert.Equal("catalog", Parse(HostProcess.Succeed(HostProcess.Sidr("recommend", "--bundle", Bundle, "--prompt-ids", "5,6", "--json"))).GetProperty("score_mode").GetString());
    }

    public void Dispose() => Directory.Delete(_temporary, recursive: true);

    private string Export(string config)
    {
        string model = GoldenCases.RequireData("models/qwen3-industrial");
        string catalog = GoldenCases.RequireData("amazon/Industrial_and_Scientific");
        string checkpoint = Directory.CreateDirectory(Path.Combine(_temporary, "checkpoint")).FullName;
        HubFolders.WriteIndustrial(checkpoint);
        File.Copy(Path.Combine(model, config), Path.Combine(checkpoint, "config.json"), overwrite: true);
        HostProcess.Succeed(HostProcess.Export("--checkpoint", checkpoint, "--catalog", catalog, "--out", Bundle));
        return Path.Combine(model, "expected");
    }

    private JsonElement[] Recommend(string engine, string[] lines, params string[] options)
    {
        string input = Path.Combine(_temporary, "in.jsonl"), output = Path.Combine(_temporary, "out.jsonl");
        File.WriteAllLines(input, lines);
        File.Delete(output);
        HostProcess.Succeed(HostProcess.Sidr(["recommend", "--engine", engine, "--bundle", Bundle, "--input", input, "--output", output, .. options]));
        return [.. File.ReadLines(output).Select(Parse)];
    }

    /// <summary>Scores within the tolerance, and each SID at its rank or where a score as good stands.</summary>
    private static void AssertSame(JsonElement expected, JsonElement answer)
    {
        string[] sids = [.. expected.GetProperty("sids").EnumerateArray().Select(sid => sid.GetString()!)], own = Sids(answer);
        float[] scores = [.. expected.GetProperty("scores").EnumerateArray().Select(score => score.GetSingle())];
        float[] ownScores = [.. answer.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("score").GetSingle())];
        Assert.Equal(sids.Length, own.Length);
        for (int rank = 0; rank < sids.Length; rank++)
        {
            Assert.InRange(ownScores[rank], scores[rank] - Tolerance, scores[rank] + Tolerance);
            bool canSwapOut = Math.Abs(scores[rank] - scores[^1]) <= Tolerance;
            Assert.True(
                canSwapOut || sids.Where((_, other) => Math.Abs(scores[other] - scores[rank]) <= Tolerance).Contains(own[rank]),
                $"row {expected.GetProperty("row")}, rank {rank + 1}: {own[rank]}; expected {sids[rank]} or what lies within {Tolerance} of it.");
        }
    }

    private static string[][] TopTens(string expected, string mode) =>
        [.. Read(expected, mode).Select(row => row.GetProperty("sids").EnumerateArray().Take(10).Select(sid => sid.GetString()!).ToArray())];

    private static string[] Sids(JsonElement answer) => [.. answer.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("sid").GetString()!)];

    private static IEnumerable<JsonElement> Read(string folder, string name) => File.ReadLines(Path.Combine(folder, name + ".jsonl")).Select(Parse);

    private static JsonElement Parse(string line)
    {
        using JsonDocument document = JsonDocument.Parse(line);
        return document.RootElement.Clone();
    }

    private static int[] Ints(JsonElement list) => [.. list.EnumerateArray().Select(value => value.GetInt32())];
}
