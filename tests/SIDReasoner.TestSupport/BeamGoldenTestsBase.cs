using System.Text.Json;
using SIDReasoner.Core.Tries;
using SIDReasoner.Decoding;
using SIDReasoner.Decoding.Kernels;
using Xunit;

namespace SIDReasoner.TestSupport;

/// <summary>
/// Constrained beams as transformers found them (golden/hf: beams and think), over the engine that a derived class loads: every
/// case folder, every width, with filters, in every <see cref="ScoreMode"/>.
/// </summary>
public abstract class BeamGoldenTestsBase
{
    /// <summary>Case folders of both families, relative to the golden root; one empty row where there is none.</summary>
    public static TheoryData<string> Cases => GoldenCases.Folders("hf/beams/*/*", "hf/think/*");

    /// <summary>Loads a checkpoint into the engine under test.</summary>
    /// <param name="prepared">Checkpoint, catalogue, and the ids of newline and end of turn.</param>
    /// <returns>What makes sessions.</returns>
    protected abstract ISessionSource Load(PreparedCase prepared);

    [SkippableTheory]
    [MemberData(nameof(Cases))]
    public void Search_GoldenCase_FindsTheSameBeams(string folder)
    {
        string path = GoldenCases.Require(folder);
        using JsonDocument document = JsonDocument.Parse(File.ReadAllText(Path.Combine(path, "case.json")));
        JsonElement root = document.RootElement;
        string model = Path.Combine(GoldenCases.Root, "hf", root.GetProperty("model").GetString()!);
        string catalogPath = Path.Combine(path, root.GetProperty("catalog").GetString()!);
        using var prepared = PreparedCase.Make(model, catalogPath);
        using ISessionSource source = Load(prepared);
        using IDecoderSession session = source.CreateSession();
        using SidTrie trie = prepared.Catalog.BuildTrie(prepared.Vocabulary);
        var search = new SidBeamSearch(trie, new ManagedBeamKernel());
        var referenceSearch = new ReferenceBeamSearch(trie, prepared.ReferenceEnd[0]);
        int compared = 0;

        foreach (JsonElement testCase in root.GetProperty("cases").EnumerateArray())
        {
            int[] prompt = GoldenRanking.Ints(testCase.TryGetProperty("search_prompt", out JsonElement searchPrompt) ? searchPrompt : testCase.GetProperty("prompt"));
            compared += Compare(testCase.GetProperty("runs"), prompt, filter: null);
            if (testCase.TryGetProperty("filters", out JsonElement filters))
            {
                foreach (JsonElement filter in filters.EnumerateArray())
                {
                    HashSet<int> allowed = [.. GoldenRanking.Ints(filter.GetProperty("allowed_items"))];
                    compared += Compare(filter.GetProperty("runs"), prompt, SidFilter.Create(trie, allowed.Contains), allowed.Contains);
                }
            }
        }

        Assert.True(compared > 0, $"'{folder}' holds no run.");

        int Compare(JsonElement runs, int[] prompt, SidFilter? filter, Func<int, bool>? isAllowed = null)
        {
            int count = 0;
            foreach (JsonElement run in runs.EnumerateArray())
            {
                int width = run.GetProperty("W").GetInt32();
                foreach ((string name, ScoreMode mode) in new[] { ("exact", ScoreMode.Exact), ("catalog", ScoreMode.Catalog) })
                {
                    var results = new Hypothesis[width];
                    session.Rewind(0);
                    session.AppendTokens(prompt, SidBeamSearch.OutputsFor(mode));

                    int found = search.Search(session, new SearchOptions { BeamWidth = width, ScoreMode = mode, Filter = filter }, results);

                    GoldenRanking.AssertSame(run.GetProperty(name), results.AsSpan(0, found), trie, isAllowed, $"{folder}, W = {width}, {name}");
                    count++;
                }

                foreach (string name in GoldenRanking.ReferenceRuns)
                {
                    if (!run.TryGetProperty(name, out JsonElement expected))
                    {
                        continue;
                    }

                    var results = new Hypothesis[width];
                    session.Rewind(0);
                    session.AppendTokens(prompt, SidBeamSearch.OutputsFor(ScoreMode.Reference));

                    int found = referenceSearch.Search(session, new SearchOptions { BeamWidth = width, ScoreMode = ScoreMode.Reference, Filter = filter }, results);

                    GoldenRanking.AssertSameSequences(expected, results.AsSpan(0, found), trie, prepared.ReferenceEnd, $"{folder}, W = {width}, {name}");
                    count++;
                }
            }

            return count;
        }
    }
}
