using SIDReasoner.Core;
using SIDReasoner.Decoding.Sampling;

namespace SIDReasoner.Decoding.Generation;

/// <summary>How a text is generated.</summary>
public sealed record GenerationOptions
{
    /// <summary>Most tokens, the one that ends the text included. Default 256; at least 0.</summary>
    public int MaxTokens { get; init; } = 256;

    /// <summary>Tokens that end the text (end of turn, end of sequence). Default none.</summary>
    public IReadOnlyList<int> StopTokens { get; init; } = [];

    /// <summary>How tokens are chosen. Default greedy.</summary>
    public SamplingOptions Sampling { get; init; } = SamplingOptions.Greedy;

    /// <summary>Checks the ranges.</summary>
    /// <exception cref="SidReasonerException">A value is out of range: which, and what is allowed.</exception>
    public void Validate()
    {
        if (MaxTokens < 0)
        {
            throw new SidReasonerException($"max-tokens is {MaxTokens}; expected at least 0.");
        }

        Sampling.Validate();
    }
}
