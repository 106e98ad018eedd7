using System.Text.Json;
using SIDReasoner.Core.Checkpoints;
using SIDReasoner.Core.Items;
using SIDReasoner.Core.SemanticIds;
using SIDReasoner.Core.Tries;
using SIDReasoner.Decoding;
using SIDReasoner.Decoding.Kernels;
using Xunit;

namespace SIDReasoner.TestSupport;

/// <summary>
/// Constrained beams as transformers found them (golden/hf: beams and think), over the engine that a derived class loads: every
/// case folder, every width, with filters, in <see cref="ScoreMode.Exact"/> and <see cref="ScoreMode.Catalog"/>.
/// </summary>
public abstract class BeamGoldenTestsBase
{
    private const float ScoreTolerance = 1e-4f;
    private const float SmallestGap = 2.5e-4f;

    /// <summary>Case folders of both families, relative to the golden root; one empty row where there is none.</summary>
    public static TheoryData<string> Cases => GoldenCases.Folders("hf/beams/*/*", "hf/think/*");

    /// <summary>Loads a checkpoint into the engine under test.</summary>
    /// <param name="checkpointFolder">A Hugging Face folder whose sidreasoner.json names the SID tokens.</param>
    /// <param name="catalogFolder">The catalogue, for engines that need a bundle.</param>
    /// <returns>What makes sessions.</returns>
    protected abstract ISessionSource Load(string checkpointFolder, string catalogFolder);

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
        using ISessionSource source = Load(prepared.CheckpointFolder, prepared.CatalogFolder);
        using IDecoderSession session = source.CreateSession();
        using SidTrie trie = prepared.Catalog.BuildTrie(prepared.Vocabulary);
        var search = new SidBeamSearch(trie, new ManagedBeamKernel());
        int compared = 0;

        foreach (JsonElement testCase in root.GetProperty("cases").EnumerateArray())
        {
            int[] prompt = Ints(testCase.TryGetProperty("search_prompt", out JsonElement searchPrompt) ? searchPrompt : testCase.GetProperty("prompt"));
            compared += Compare(testCase.GetProperty("runs"), prompt, filter: null);
            if (testCase.TryGetProperty("filters", out JsonElement filters))
            {
                foreach (JsonElement filter in filters.EnumerateArray())
                {
                    HashSet<int> allowed = [.. Ints(filter.GetProperty("allowed_items"))];
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

                    AssertSame(run.GetProperty(name), results.AsSpan(0, found), trie, isAllowed, $"{folder}, W = {width}, {name}");
                    count++;
                }
            }

            return count;
        }
    }

    private static void AssertSame(JsonElement expected, ReadOnlySpan<Hypothesis> actual, SidTrie trie, Func<int, bool>? isAllowed, string where)
    {
        int[][] items = [.. expected.GetProperty("items").EnumerateArray().Select(Ints)];
        float[] scores = [.. expected.GetProperty("scores").EnumerateArray().Select(score => score.GetSingle())];
        Assert.True(items.Length == actual.Length, $"{where}: {actual.Length} SIDs; expected {items.Length}.");
        var own = new List<int>();
        for (int rank = 0; rank < items.Length; rank++)
        {
            Assert.True(
                Math.Abs(scores[rank] - actual[rank].Score) <= ScoreTolerance,
                $"{where}, rank {rank + 1}: score {actual[rank].Score}; expected {scores[rank]} within {ScoreTolerance} (neighbours are at least {SmallestGap} apart).");
            own.Clear();
            trie.CopyItems(actual[rank].SidNumber, own);
            own.RemoveAll(item => isAllowed?.Invoke(item) == false);
            Assert.True(items[rank].SequenceEqual(own), $"{where}, rank {rank + 1}: items {string.Join(',', own)}; expected {string.Join(',', items[rank])}.");
        }
    }

    private static int[] Ints(JsonElement list) => [.. list.EnumerateArray().Select(value => value.GetInt32())];

    /// <summary>A golden model and catalogue as the folders an engine takes: links to the weights, sidreasoner.json and items.jsonl added.</summary>
    private sealed class PreparedCase : IDisposable
    {
        private readonly string _root;

        private PreparedCase(string root, ItemCatalog catalog, SidVocabulary vocabulary)
        {
            _root = root;
            Catalog = catalog;
            Vocabulary = vocabulary;
        }

        public string CheckpointFolder => Path.Combine(_root, "checkpoint");

        public string CatalogFolder => Path.Combine(_root, "catalog");

        public ItemCatalog Catalog { get; }

        public SidVocabulary Vocabulary { get; }

        public static PreparedCase Make(string model, string catalogPath)
        {
            using JsonDocument ids = JsonDocument.Parse(File.ReadAllText(Path.Combine(model, "ids.json")));
            var idOfToken = ids.RootElement.GetProperty("sid_tokens").EnumerateObject().ToDictionary(pair => pair.Name, pair => pair.Value.GetInt32());
            var vocabulary = new SidVocabulary(idOfToken);
            using JsonDocument catalogFile = JsonDocument.Parse(File.ReadAllText(catalogPath));
            var catalog = new ItemCatalog([.. catalogFile.RootElement.GetProperty("items").EnumerateArray().Select(
                (sid, index) => new Item(index.ToString(System.Globalization.CultureInfo.InvariantCulture), $"item {index}", SemanticId.Parse(sid.GetString()!)))]);

            string root = Directory.CreateTempSubdirectory("sidr-golden-").FullName;
            var prepared = new PreparedCase(root, catalog, vocabulary);
            Directory.CreateDirectory(prepared.CheckpointFolder);
            Directory.CreateDirectory(prepared.CatalogFolder);
            foreach (string file in Directory.GetFiles(model))
            {
                File.Copy(file, Path.Combine(prepared.CheckpointFolder, Path.GetFileName(file)));
            }

            new CheckpointManifest { Stage = "golden", SidTokenIds = [.. vocabulary.TokenIds], SidTokens = [.. vocabulary.Tokens] }.Save(prepared.CheckpointFolder);
            catalog.Save(prepared.CatalogFolder);
            return prepared;
        }

        public void Dispose() => Directory.Delete(_root, recursive: true);
    }
}
