using SIDReasoner.Core;
using SIDReasoner.Train.Evaluation;
using SIDReasoner.Train.Model;
using SIDReasoner.Train.Stages;
using static TorchSharp.torch;

namespace SIDReasoner.Train.Tests.Stages;

public sealed class NextItemStageTests : IDisposable
{
    private readonly TinyShop _shop = new();
    private readonly string _folder = Directory.CreateTempSubdirectory("sidr-train-").FullName;

    private string StatePath => Path.Combine(_folder, "state.safetensors");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Run_LearnableShop_LearnsIt()
    {
        using var stage = _shop.Stage(TinyShop.Options with { Epochs = 60, LearningRate = 0.01, Dropout = 0 });
        using var evaluator = new ModelEvaluator(_shop.Catalog, _shop.Vocabulary, _shop.Prompt.Build);

        TrainingEnd end = stage.Run(statePath: null);

        Assert.Equal(TrainingEnd.Completed, end);
        Assert.InRange(stage.Losses[^1], 0, 0.25 * stage.Losses[0]);
        RankedRows ranks = evaluator.Evaluate(stage.Model, _shop.Rows, beamWidth: 5);
        Assert.InRange(ranks.Sids.Count(rank => rank == 0), 20, 24);
        Assert.Equal(ranks.Sids, ranks.Items);
    }

    [Fact]
    public void Run_SameSeedTwice_SameWeightsBitForBit()
    {
        float[][] weights = [.. Enumerable.Range(0, 2).Select(_ => Train(TinyShop.Options with { Seed = 7, AverageDecay = 0.9, ItemDropout = 0.1, TeacherWeight = 0.3 }))];

        Assert.Equal(weights[0], weights[1]);
        Assert.NotEqual(weights[0], Train(TinyShop.Options with { Seed = 8, AverageDecay = 0.9, ItemDropout = 0.1 }));
    }

    [Fact]
    public void Resume_AfterCancellation_GivesTheLossesAndWeightsOfAnUnbrokenRun()
    {
        NextItemOptions options = TinyShop.Options with { AverageDecay = 0.9 };
        using var whole = _shop.Stage(options);
        whole.Run(statePath: null);
        using (var first = _shop.Stage(options))
        using (var stop = new CancellationTokenSource())
        {
            Assert.Equal(TrainingEnd.Canceled, first.Run(StatePath, onStep: step => { if (step.Step == 7) stop.Cancel(); }, cancellation: stop.Token));
            Assert.Equal(7, first.Step);
        }

        using var second = _shop.Stage(options);
        second.Resume(StatePath);
        second.Run(StatePath);

        Assert.Equal(whole.Losses, second.Losses);
        Assert.Equal(Weights(whole.Model), Weights(second.Model));
    }

    [Fact]
    public void Resume_OtherSettings_IsRefusedByName()
    {
        using (var first = _shop.Stage())
        {
            first.Run(StatePath);
        }

        using var other = _shop.Stage(TinyShop.Options with { LearningRate = 0.5 });

        var error = Assert.Throws<SidReasonerException>(() => other.Resume(StatePath));
        Assert.Contains("other settings or data", error.Message, StringComparison.Ordinal);
        Assert.Equal(0, other.Step);
    }

    [Fact]
    public void Run_TwentySteps_LeavesNoTensorBehind()
    {
        using var stage = _shop.Stage(TinyShop.Options with { Epochs = 6 });
        var counts = new List<long>();

        stage.Run(StatePath, onStep: _ => counts.Add(Tensor.TotalCount));

        Assert.InRange(counts.Count, 21, int.MaxValue);
        Assert.Single(counts.Skip(1).Take(20).Distinct());
    }

    private float[] Train(NextItemOptions options)
    {
        using var stage = _shop.Stage(options);
        stage.Run(statePath: null);
        return Weights(stage.Model);
    }

    private static float[] Weights(DecoderModel model) => [.. model.Parameters.Slots.SelectMany(model.Parameters.CopyValue)];
}
