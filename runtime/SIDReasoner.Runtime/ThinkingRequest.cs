using SIDReasoner.Core;
using SIDReasoner.Decoding.Sampling;

namespace SIDReasoner.Runtime;

/// <summary>Asks a model to think before it answers.</summary>
public sealed record ThinkingRequest
{
    /// <summary>Most tokens of the thought; one that does not close in time is closed by force. Default 256; 0 closes at once.</summary>
    public int Budget { get; init; } = 256;

    /// <summary>How tokens are chosen. Default greedy.</summary>
    public SamplingOptions Sampling { get; init; } = SamplingOptions.Greedy;

    /// <summary>Checks the ranges.</summary>
    /// <exception cref="SidReasonerException">A value is out of range: which, and what is allowed.</exception>
    internal void Validate()
    {
        if (Budget < 0)
        {
            throw new SidReasonerException($"the thinking budget is {Budget}; expected at least 0, where 0 closes the thought at once");
        }

        Sampling.Validate();
    }
}
