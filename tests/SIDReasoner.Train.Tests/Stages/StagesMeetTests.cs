using SIDReasoner.Core.Checkpoints;
using SIDReasoner.Core.Items;
using SIDReasoner.Core.Tries;
using SIDReasoner.Decoding;
using SIDReasoner.Decoding.Kernels;
using SIDReasoner.Export.Bundles;
using SIDReasoner.Runtime;
using SIDReasoner.Runtime.Bundles;
using SIDReasoner.Runtime.Model;
using SIDReasoner.Train.Checkpointing;
using SIDReasoner.Train.Model;
using SIDReasoner.Train.Stages;

namespace SIDReasoner.Train.Tests.Stages;

/// <summary>Trained here, exported, opened by the runtime: both sides of the checkpoint compute the same.</summary>
public sealed class StagesMeetTests : IDisposable
{
    private const StepOutputs All = StepOutputs.Logits | StepOutputs.SidLogits | StepOutputs.LogSumExp;

    private readonly string _folder = Directory.CreateTempSubdirectory("sidr-stages-").FullName;
    private readonly TinyShop _shop = new(depth: 4);

    private string Checkpoint => Path.Combine(_folder, "checkpoint");

    private string BundleFolder => Path.Combine(_folder, "bundle");

    public StagesMeetTests()
    {
        using NextItemStage stage = _shop.Stage();
        stage.Run(null);
        CheckpointWriter.WriteWindowModel(
            Checkpoint, stage.Model, _shop.Vocabulary, TinyShop.Options.HistoryItems,
            new CheckpointManifest { Stage = "next-item", SidTokenIds = [.. _shop.Vocabulary.TokenIds], SidTokens = [.. _shop.Vocabulary.Tokens] });
        Directory.CreateDirectory(Path.Combine(_folder, "catalog"));
        _shop.Catalog.Save(Path.Combine(_folder, "catalog"));
        BundleExporter.Export(new BundleExportOptions { Checkpoint = Checkpoint, Catalog = Path.Combine(_folder, "catalog"), Output = BundleFolder });
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Logits_TrainedModel_AgreeInTorchAndOnnx()
    {
        using CheckpointFolder folder = CheckpointFolder.Open(Checkpoint);
        using DecoderModel model = DecoderModel.Load(folder);
        using var torch = new TorchDecoderSession(model, [.. _shop.Vocabulary.TokenIds], capacity: 64, maxBeamRows: 64);
        using OnnxModel onnxModel = OnnxModel.Load(Bundle.Open(BundleFolder));
        using OnnxDecoderSession onnx = onnxModel.CreateSession();

        foreach (Interaction row in _shop.Rows)
        {
            int[] prompt = [TinyShop.Bos, .. row.History.TakeLast(TinyShop.Options.HistoryItems).SelectMany(_shop.Prompt.TokensOf)];
            torch.Rewind(0);
            onnx.Rewind(0);
            torch.AppendTokens(prompt, All);
            onnx.AppendTokens(prompt, All);

            AssertRelative(torch.Logits.AsSpan(), onnx.Logits.AsSpan());
            AssertRelative(torch.SidLogits.AsSpan(), onnx.SidLogits.AsSpan());
            AssertRelative(torch.LogSumExp.AsSpan(), onnx.LogSumExp.AsSpan());
        }
    }

    [Theory]
    [InlineData(ScoreMode.Exact)]
    [InlineData(ScoreMode.Catalog)]
    public async Task Ranking_TrainedModel_IsTheSameBeforeAndAfterExport(ScoreMode mode)
    {
        using CheckpointFolder folder = CheckpointFolder.Open(Checkpoint);
        using DecoderModel model = DecoderModel.Load(folder);
        using var torch = new TorchDecoderSession(model, [.. _shop.Vocabulary.TokenIds], capacity: 64, maxBeamRows: 64);
        using SidTrie trie = _shop.Catalog.BuildTrie(_shop.Vocabulary);
        var search = new SidBeamSearch(trie, new ManagedBeamKernel());
        using Recommender recommender = Recommender.Open(new RecommenderOptions { BundlePath = BundleFolder, Threads = 1 });
        var results = new Hypothesis[8];

        foreach (Interaction row in _shop.Rows)
        {
            int[] prompt = [TinyShop.Bos, .. row.History.TakeLast(TinyShop.Options.HistoryItems).SelectMany(_shop.Prompt.TokensOf)];
            torch.Rewind(0);
            torch.AppendTokens(prompt, SidBeamSearch.OutputsFor(mode));
            int found = search.Search(torch, new SearchOptions { BeamWidth = 8, ScoreMode = mode }, results);
            Recommendation answer = await recommender.RecommendAsync(
                new RecommendRequest { History = [.. row.History.Select(item => _shop.Catalog.Items[item].Id)], K = 8, BeamWidth = 8, ScoreMode = mode });

            Assert.Equal(found, answer.Items.Count);
            for (int rank = 0; rank < found; rank++)
            {
                Assert.Equal(results[rank].Score, answer.Items[rank].Score, 1e-4f);
                var items = new List<int>();
                trie.CopyItems(results[rank].SidNumber, items);
                float score = results[rank].Score;
                bool hasNeighbor = results[..found].Count(other => Math.Abs(other.Score - score) < 2e-4f) > 1;
                Assert.True(hasNeighbor || answer.Items[rank].Sid.Equals(_shop.Catalog.Items[items[0]].Sid), $"rank {rank + 1}: {answer.Items[rank].Sid}");
            }
        }
    }

    /// <summary>Within 1e-4 of the largest value.</summary>
    private static void AssertRelative(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        float largest = 1e-6f;
        foreach (float value in expected)
        {
            largest = Math.Max(largest, Math.Abs(value));
        }

        for (int i = 0; i < expected.Length; i++)
        {
            Assert.True(Math.Abs(expected[i] - actual[i]) <= 1e-4f * largest, $"[{i}] is {actual[i]}; expected {expected[i]} within 1e-4 of {largest}.");
        }
    }
}
