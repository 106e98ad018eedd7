using System.ComponentModel.DataAnnotations;

namespace SIDReasoner.Train.Stages;

/// <summary>Settings of <see cref="NextItemStage"/>. The defaults are the recipe of docs/decisions/training-recipe.md.</summary>
public sealed record NextItemOptions : IValidatableObject
{
    private const int HeadUnit = 8; // export's rotary embedding needs heads of a multiple of 8

    /// <summary>Fixes weights, order and dropout: the same seed gives the same model, bit for bit, on one machine. Default 0.</summary>
    public int Seed { get; init; }

    /// <summary>Passes over the windows. Default 40; 1 to 10,000.</summary>
    [Range(1, 10_000)]
    public int Epochs { get; init; } = 40;

    /// <summary>Windows a step. Default 64; 1 to 4,096.</summary>
    [Range(1, 4096)]
    public int BatchSize { get; init; } = 64;

    /// <summary>Base learning rate. Default 0.002; above 0 to 1.</summary>
    [Range(1e-8, 1.0)]
    public double LearningRate { get; init; } = 2e-3;

    /// <summary>Steps of linear warm-up before the cosine. Default 100; 0 to 100,000.</summary>
    [Range(0, 100_000)]
    public int WarmupSteps { get; init; } = 100;

    /// <summary>Decoupled weight decay on matrices. Default 0.1; 0 to 10.</summary>
    [Range(0.0, 10.0)]
    public double WeightDecay { get; init; } = 0.1;

    /// <summary>Largest gradient norm. Default 1; above 0.</summary>
    [Range(1e-6, 1e6)]
    public double ClipNorm { get; init; } = 1;

    /// <summary>Probability that an element of the embeddings and of each block's output is zeroed. Default 0.3; 0 to 0.9.</summary>
    [Range(0.0, 0.9)]
    public double Dropout { get; init; } = 0.3;

    /// <summary>Probability that an item is left out of a window. Default 0; 0 to 0.9.</summary>
    [Range(0.0, 0.9)]
    public double ItemDropout { get; init; }

    /// <summary>
    /// Probability that a window's items come in random order, which teaches what is bought together beside what follows what. Default 0; 0 to 1.
    /// </summary>
    [Range(0.0, 1.0)]
    public double ShuffleProbability { get; init; }

    /// <summary>
    /// Share of the epochs over which <see cref="ItemDropout"/> and <see cref="ShuffleProbability"/> fall linearly to 0, so that the last epochs see the
    /// histories as they were. Default 0.7; above 0 to 1.
    /// </summary>
    [Range(0.01, 1.0)]
    public double AugmentationShare { get; init; } = 0.7;

    /// <summary>
    /// Share of the target that a neighborhood model gives, which is fitted on the same histories, each left out of its own count. Default 0 = none; 0 to 0.9.
    /// </summary>
    [Range(0.0, 0.9)]
    public double TeacherWeight { get; init; }

    /// <summary>Weight of the uniform distribution in the target. Default 0; 0 to 0.5.</summary>
    [Range(0.0, 0.5)]
    public double LabelSmoothing { get; init; }

    /// <summary>Decay of the running average of the weights, which is what is saved and evaluated; 0 = the last weights. Default 0; 0 to 0.99999.</summary>
    [Range(0.0, 0.99999)]
    public double AverageDecay { get; init; }

    /// <summary>Whether a window's first item is trained too. Default false.</summary>
    public bool TrainsFirstItem { get; init; }

    /// <summary>Items of a prompt's history; a window is one longer. Default 10; 1 to 1,000.</summary>
    [Range(1, 1000)]
    public int HistoryItems { get; init; } = 10;

    /// <summary>Width of the model. Default 128; a multiple of <see cref="HeadCount"/> * 8.</summary>
    [Range(16, 8192)]
    public int HiddenSize { get; init; } = 128;

    /// <summary>Layers. Default 2; 1 to 64.</summary>
    [Range(1, 64)]
    public int LayerCount { get; init; } = 2;

    /// <summary>Attention heads. Default 4; 1 to 64.</summary>
    [Range(1, 64)]
    public int HeadCount { get; init; } = 4;

    /// <summary>Width of the feed-forward block. Default 384; 16 to 32,768.</summary>
    [Range(16, 32768)]
    public int IntermediateSize { get; init; } = 384;

    /// <summary>Standard deviation of the random weights. Default 0.02; above 0 to 1.</summary>
    [Range(1e-6, 1.0)]
    public double InitialDeviation { get; init; } = 0.02;

    /// <summary>Stop after this time, with the weights as they are; null = never. A resumed run starts counting anew.</summary>
    public TimeSpan? TimeLimit { get; init; }

    /// <summary>Steps between saved states, from which a killed run goes on. Default 200; 1 to 1,000,000.</summary>
    [Range(1, 1_000_000)]
    public int StateEverySteps { get; init; } = 200;

    /// <summary>Epochs between evaluations on the valid rows; 0 = only at the end. Default 8.</summary>
    [Range(0, 10_000)]
    public int EvaluateEveryEpochs { get; init; } = 8;

    /// <summary>Checks what one property alone cannot: the width holds whole heads of a size that export takes.</summary>
    /// <param name="validationContext">Not used.</param>
    /// <returns>The problems.</returns>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (HiddenSize % (HeadCount * HeadUnit) != 0)
        {
            yield return new ValidationResult($"HiddenSize is {HiddenSize}; expected a multiple of {HeadCount * HeadUnit} = {HeadCount} heads * {HeadUnit}.", [nameof(HiddenSize)]);
        }
    }
}
