using SIDReasoner.Core;
using SIDReasoner.TestSupport;
using Xunit;

namespace SIDReasoner.Runtime.GenAI.Tests;

/// <summary>Requests that name an adapter, on both engines.</summary>
public sealed class AdapterTests : IDisposable
{
    private readonly RandomCheckpoint _checkpoint = RandomCheckpoint.Create("qwen3-tied", seed: 61);
    private readonly TestBundle _bundle;

    public AdapterTests()
    {
        var adapters = new Dictionary<string, string>
        {
            ["one"] = RandomAdapter.Write(_checkpoint, "one", seed: 1),
            ["two"] = RandomAdapter.Write(_checkpoint, "two", seed: 2, rank: 7, modules: ["gate_proj", "o_proj", "q_proj"]),
        };
        _bundle = new TestBundle(_checkpoint.Folder, _checkpoint.CatalogFolder, options => options with { Adapters = adapters });
    }

    public void Dispose()
    {
        _bundle.Dispose();
        _checkpoint.Dispose();
    }

    [Fact]
    public async Task RecommendAsync_RequestsTakeTurnsOfAdapters_EachGetsItsOwnListOnBothEngines()
    {
        var options = new RecommenderOptions { BundlePath = _bundle.Path, Threads = 1, MaxParallel = 2 };
        using var onnx = Recommender.Open(options);
        using var genAi = Recommender.Open(options, (opened, _) => GenAiEngine.Load(opened, new GenAiEngineOptions { Threads = 1 }));
        string?[] adapters = [null, "one", "two"];
        var lists = new Dictionary<string, List<string>>();

        for (var round = 0; round < 3; round++)
        {
            foreach (var adapter in adapters)
            {
                var request = new RecommendRequest { PromptIds = [1, 5, 9, 30, 12, 40, 41, 44], K = 20, BeamWidth = 20, Adapter = adapter };
                var one = await onnx.RecommendAsync(request);
                var other = await genAi.RecommendAsync(request);

                List<string> list = [.. one.Items.Select(item => item.Sid.ToString())];
                Assert.Equal(list, other.Items.Select(item => item.Sid.ToString()));
                Assert.All(one.Items.Zip(other.Items), pair => Assert.InRange(pair.Second.Score, pair.First.Score - 1e-4, pair.First.Score + 1e-4));
                Assert.Equal(lists.TryGetValue(adapter ?? "", out var earlier) ? earlier : list, list);
                lists[adapter ?? ""] = list;
            }
        }

        Assert.Equal(3, lists.Values.Select(list => string.Join(' ', list)).Distinct().Count());
    }

    [Fact]
    public async Task RecommendAsync_UnknownAdapter_NamesThoseThereAre()
    {
        using var recommender = Recommender.Open(new RecommenderOptions { BundlePath = _bundle.Path, Threads = 1 });

        var error = await Assert.ThrowsAsync<SidReasonerException>(() => recommender.RecommendAsync(new RecommendRequest { PromptIds = [1], Adapter = "three" }));

        Assert.Contains("'three'", error.Message, StringComparison.Ordinal);
        Assert.Contains("'one', 'two'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Pool_SameTextUnderAnotherAdapter_IsRunWhole()
    {
        using var engine = _bundle.LoadGenAi();
        int[] prompt = [1, 5, 9, 30, 12];
        using (var first = engine.CreateSession("one"))
            first.AppendTokens(prompt, Decode.Rows);

        using var plain = engine.CreateSession();
        plain.AppendTokens(prompt, Decode.Rows);
        using var again = engine.CreateSession("one");
        again.AppendTokens(prompt, Decode.Rows);

        Assert.Equal(prompt.Length, plain.ComputedTokenCount);
        Assert.Equal(1, again.ComputedTokenCount);
    }

    [Fact]
    public void Stock_BundleWithAdapters_SaysWhatTheModelSays()
    {
        using var plain = TestBundle.Of(_checkpoint);

        Assert.Equal(StockGenerator.Generate(plain.Path, [1, 5, 9], 20), StockGenerator.Generate(_bundle.Path, [1, 5, 9], 20));
    }
}
