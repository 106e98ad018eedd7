using System.Globalization;
using SIDReasoner.Cli.Batch;
using SIDReasoner.Core.Items;
using SIDReasoner.Decoding;
using SIDReasoner.Runtime;

namespace SIDReasoner.Cli.Evaluation;

/// <summary>How rows are answered.</summary>
/// <param name="Beams">Beams kept, which is also the SIDs returned.</param>
/// <param name="Mode">Score mode.</param>
/// <param name="Thinking">How the model thinks first; null for no thought.</param>
/// <param name="Adapter">The bundle's LoRA adapter; null for the model as it is.</param>
/// <param name="Samples">Thoughts a row, each with a ranking of its own.</param>
/// <param name="Seed">Seed of the intervals' bootstrap.</param>
internal sealed record EvaluationSettings(int Beams, ScoreMode Mode, ThinkingRequest? Thinking, string? Adapter, int Samples, ulong Seed)
{
    /// <summary>For a resume: equal words, equal rows.</summary>
    public string Describe() => string.Create(
        CultureInfo.InvariantCulture,
        $"beams {Beams}, score {Mode.ToString().ToLowerInvariant()}, samples {Samples}, adapter {Adapter ?? "none"}, {ThinkingText.Describe(Thinking)}");

    /// <summary>What a row asks. Rows and samples draw independently of one another, and the same in every run.</summary>
    /// <param name="catalog">Names the items.</param>
    /// <param name="rows">All rows.</param>
    /// <param name="row">The row, from 0.</param>
    /// <param name="sample">The thought, from 0.</param>
    public RecommendRequest Request(ItemCatalog catalog, IReadOnlyList<Interaction> rows, int row, int sample) => new()
    {
        History = [.. rows[row].History.Select(item => catalog.Items[item].Id)],
        K = Beams,
        BeamWidth = Beams,
        ScoreMode = Mode,
        Thinking = Thinking is null ? null : Thinking with { Sampling = Thinking.Sampling with { Stream = (uint)((row * Samples) + sample) } },
        Adapter = Adapter,
    };
}
