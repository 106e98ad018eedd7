namespace SIDReasoner.Runtime;

/// <summary>Wall-clock milliseconds of a request's stages, from asking for a cache to the finished list.</summary>
/// <param name="Prompt">Rendering and tokenising the history.</param>
/// <param name="Prefill">Running the prompt through the model.</param>
/// <param name="Thinking">Generating text before the answer; 0 where nothing was thought.</param>
/// <param name="Search">The SID beam search.</param>
/// <param name="Lookup">From SIDs to items and titles.</param>
public readonly record struct StageTimes(double Prompt, double Prefill, double Thinking, double Search, double Lookup)
{
    /// <summary>The sum of all stages.</summary>
    public double Total => Prompt + Prefill + Thinking + Search + Lookup;
}
