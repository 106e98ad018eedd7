using System.Text.Json;
using SIDReasoner.Core.Tries;
using SIDReasoner.Decoding;
using SIDReasoner.Decoding.Generation;
using SIDReasoner.Decoding.Kernels;
using SIDReasoner.Decoding.Thinking;
using Xunit;

namespace SIDReasoner.TestSupport;

/// <summary>
/// Greedy text and thinking as transformers give them (golden/hf: greedy and think), over the engine that a derived class loads: every
/// case folder; behind a thought the search runs on the same cache.
/// </summary>
public abstract class TextGoldenTestsBase
{
    /// <summary>Case folders of greedy texts.</summary>
    public static TheoryData<string> GreedyCases => GoldenCases.Folders("hf/greedy/*");

    /// <summary>Case folders of thoughts.</summary>
    public static TheoryData<string> ThinkCases => GoldenCases.Folders("hf/think/*");

    /// <summary>Loads a checkpoint into the engine under test.</summary>
    /// <param name="prepared">Checkpoint, catalogue, and the ids of newline and end of turn.</param>
    /// <returns>What makes sessions.</returns>
    protected abstract ISessionSource Load(PreparedCase prepared);

    [SkippableTheory]
    [MemberData(nameof(GreedyCases))]
    public void Generate_GreedyCase_GivesTheSameTokens(string folder)
    {
        string path = GoldenCases.Require(folder);
        using JsonDocument document = JsonDocument.Parse(File.ReadAllText(Path.Combine(path, "case.json")));
        JsonElement root = document.RootElement;
        using var prepared = PreparedCase.Make(Model(root), catalogPath: null);
        using ISessionSource source = Load(prepared);
        using IDecoderSession session = source.CreateSession();
        var generator = new TextGenerator();

        foreach (JsonElement testCase in root.GetProperty("cases").EnumerateArray())
        {
            int[] expected = GoldenRanking.Ints(testCase.GetProperty("tokens"));
            Generate(testCase, new GenerationOptions { MaxTokens = expected.Length });

            Assert.Equal(expected, generator.TokenIds.ToArray());
            Assert.False(generator.HasEnded);
        }

        if (root.TryGetProperty("stops_at_eos", out JsonElement stops))
        {
            Generate(stops, new GenerationOptions { MaxTokens = 40, StopTokens = [stops.GetProperty("eos").GetInt32()] });

            Assert.Equal(GoldenRanking.Ints(stops.GetProperty("tokens")), generator.TokenIds.ToArray());
            Assert.True(generator.HasEnded);
        }

        void Generate(JsonElement testCase, GenerationOptions options)
        {
            session.Rewind(0);
            session.AppendTokens(GoldenRanking.Ints(testCase.GetProperty("ids")), TextGenerator.OutputsFor(options));
            generator.Generate(session, options);
        }
    }

    [SkippableTheory]
    [MemberData(nameof(ThinkCases))]
    public void Think_GoldenCase_GivesTheThoughtAndItsRanking(string folder)
    {
        string path = GoldenCases.Require(folder);
        using JsonDocument document = JsonDocument.Parse(File.ReadAllText(Path.Combine(path, "case.json")));
        JsonElement root = document.RootElement;
        using var prepared = PreparedCase.Make(Model(root), Path.Combine(path, root.GetProperty("catalog").GetString()!));
        using ISessionSource source = Load(prepared);
        using IDecoderSession session = source.CreateSession();
        using SidTrie trie = prepared.Catalog.BuildTrie(prepared.Vocabulary);
        var search = new SidBeamSearch(trie, new ManagedBeamKernel());
        var referenceSearch = new ReferenceBeamSearch(trie, prepared.ReferenceEnd[0]);
        var thinking = new ThinkingDecoder();
        int compared = 0;

        foreach (JsonElement testCase in root.GetProperty("cases").EnumerateArray())
        {
            string name = testCase.GetProperty("name").GetString()!;
            int close = testCase.GetProperty("close").GetInt32();
            var options = new ThinkingOptions
            {
                Budget = testCase.GetProperty("budget").GetInt32(),
                CloseToken = close,
                ForcedClosing = [close, testCase.GetProperty("double_newline").GetInt32()],
            };
            foreach (JsonElement run in testCase.GetProperty("runs").EnumerateArray())
            {
                foreach ((string modeName, ScoreMode mode) in new[] { ("exact", ScoreMode.Exact), ("catalog", ScoreMode.Catalog), ("reference", ScoreMode.Reference) })
                {
                    int width = run.GetProperty("W").GetInt32();
                    var results = new Hypothesis[width];
                    session.Rewind(0);
                    session.AppendTokens(GoldenRanking.Ints(testCase.GetProperty("prompt")), ThinkingDecoder.OutputsFor(options));

                    thinking.Think(session, options, SidBeamSearch.OutputsFor(mode));
                    var searchOptions = new SearchOptions { BeamWidth = width, ScoreMode = mode };
                    int found = mode == ScoreMode.Reference ? referenceSearch.Search(session, searchOptions, results) : search.Search(session, searchOptions, results);

                    Assert.Equal(GoldenRanking.Ints(testCase.GetProperty("emitted")), thinking.TokenIds.ToArray());
                    Assert.Equal(testCase.GetProperty("closed_by_itself").GetBoolean(), thinking.IsClosed);
                    Assert.Equal(testCase.GetProperty("search_prompt").GetArrayLength(), session.Length);
                    string where = $"{folder}, {name}, W = {width}, {modeName}";
                    if (mode == ScoreMode.Reference)
                    {
                        GoldenRanking.AssertSameSequences(run.GetProperty(modeName), results.AsSpan(0, found), trie, prepared.ReferenceEnd, where);
                    }
                    else
                    {
                        GoldenRanking.AssertSame(run.GetProperty(modeName), results.AsSpan(0, found), trie, null, where);
                    }

                    compared++;
                }
            }
        }

        Assert.True(compared > 0, $"'{folder}' holds no run.");
    }

    private static string Model(JsonElement root) => Path.Combine(GoldenCases.Root, "hf", root.GetProperty("model").GetString()!);
}
