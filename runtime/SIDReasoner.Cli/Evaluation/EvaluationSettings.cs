using System.Globalization;
using SIDReasoner.Cli.Batch;
using SIDReasoner.Decoding;
using SIDReasoner.Runtime;

namespace SIDReasoner.Cli.Evaluation;

/// <summary>How rows are answered.</summary>
/// <param name="Beams">Beams kept, which is also the SIDs returned.</param>
/// <param name="Mode">Score mode; null for the bundle's own.</param>
/// <param name="Thinking">How the model thinks first; null for no thought.</param>
/// <param name="Adapter">The bundle's LoRA adapter; null for the model as it is.</param>
/// <param name="Samples">Thoughts a row, each with a ranking of its own.</param>
/// <param name="Seed">Seed of the intervals' bootstrap.</param>
internal sealed record EvaluationSettings(int Beams, ScoreMode? Mode, ThinkingRequest? Thinking, string? Adapter, int Samples, ulong Seed)
{
    /// <summary>For a resume: equal words, equal rows.</summary>
    public string Describe() => string.Create(
        CultureInfo.InvariantCulture,
        $"beams {Beams}, score {(Mode?.ToString() ?? "default").ToLowerInvariant()}, samples {Samples}, adapter {Adapter ?? "none"}, {ThinkingText.Describe(Thinking)}");
}
