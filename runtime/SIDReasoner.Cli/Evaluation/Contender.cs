using SIDReasoner.Decoding;

namespace SIDReasoner.Cli.Evaluation;

/// <summary>One way to answer: a form of the weights and a score mode.</summary>
/// <param name="Precision">As the bundle lists it.</param>
/// <param name="Mode">How scores are computed.</param>
internal sealed record Contender(string Precision, ScoreMode Mode)
{
    /// <summary>The mode as <c>--score</c> spells it.</summary>
    public string ModeName => Mode.ToString().ToLowerInvariant();

    /// <inheritdoc/>
    public override string ToString() => $"{Precision}, {ModeName}";
}
