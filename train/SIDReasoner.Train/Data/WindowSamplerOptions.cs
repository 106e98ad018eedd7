namespace SIDReasoner.Train.Data;

/// <summary>Settings of a <see cref="WindowSampler"/>.</summary>
internal sealed record WindowSamplerOptions
{
    /// <summary>Fixes every epoch.</summary>
    public required long Seed { get; init; }

    /// <summary>Windows a batch.</summary>
    public required int BatchSize { get; init; }

    /// <summary>Most items of a window, at least 2: the prompt's history and the item that follows.</summary>
    public required int WindowItems { get; init; }

    /// <summary>The begin-of-sequence token, also the padding.</summary>
    public required int BosToken { get; init; }

    /// <summary>Epochs over which <see cref="ItemDropout"/> and <see cref="ShuffleProbability"/> fall linearly to 0; infinity = they stay.</summary>
    public double FadeEpochs { get; init; } = double.PositiveInfinity;

    /// <summary>Probability that an item is left out of a window, from 0 below 1.</summary>
    public double ItemDropout { get; init; }

    /// <summary>Probability that a window's items come in random order, from 0 to 1.</summary>
    public double ShuffleProbability { get; init; }

    /// <summary>Whether a window's first item is a target too (what is bought first).</summary>
    public bool TrainsFirstItem { get; init; }

    /// <summary>Whether batches carry the soft targets of a <see cref="NeighborTeacher"/>.</summary>
    public bool HasTeacher { get; init; }
}
