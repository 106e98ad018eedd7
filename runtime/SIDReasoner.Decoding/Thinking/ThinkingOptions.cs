using SIDReasoner.Core;
using SIDReasoner.Core.Text;
using SIDReasoner.Decoding.Sampling;

namespace SIDReasoner.Decoding.Thinking;

/// <summary>How a model thinks before it answers.</summary>
public sealed record ThinkingOptions
{
    /// <summary>Most tokens of a thought, the closing one included. Default 256; 0 closes at once.</summary>
    public int Budget { get; init; } = 256;

    /// <summary>The token by which the model closes its thought.</summary>
    public required int CloseToken { get; init; }

    /// <summary>What is appended where the model does not close in time; holds <see cref="CloseToken"/> once.</summary>
    public required IReadOnlyList<int> ForcedClosing { get; init; }

    /// <summary>Tokens that end the turn: the thought stops there and is closed by force; the token itself is dropped. Default none.</summary>
    public IReadOnlyList<int> EndTokens { get; init; } = [];

    /// <summary>How tokens are chosen. Default greedy.</summary>
    public SamplingOptions Sampling { get; init; } = SamplingOptions.Greedy;

    /// <summary>The options of a checkpoint that brings a prompt.json.</summary>
    /// <param name="template">Its <c>think_close</c> gives the closing tokens.</param>
    /// <param name="tokenizer">Spells them.</param>
    /// <param name="endTokens">Tokens that end the turn.</param>
    /// <returns>Options with the default budget, greedy.</returns>
    /// <exception cref="SidReasonerException">The model cannot think, or its closing tag is no token of its own.</exception>
    public static ThinkingOptions FromPrompt(PromptTemplate template, ByteLevelBpeTokenizer tokenizer, IReadOnlyList<int> endTokens)
    {
        ArgumentNullException.ThrowIfNull(template);
        ArgumentNullException.ThrowIfNull(tokenizer);
        if (!template.CanThink)
        {
            throw new SidReasonerException($"This model cannot think: its {PromptTemplate.FileName} has no 'user_think' with 'think_close'. Leave thinking out.");
        }

        string tag = template.ThinkClose.Trim();
        int[] forced = tokenizer.Encode(template.ThinkClose);
        if (!tokenizer.TryGetTokenId(tag, out int close) || forced.Count(token => token == close) != 1)
        {
            throw new SidReasonerException(
                $"'think_close' of {PromptTemplate.FileName} is '{template.ThinkClose.ReplaceLineEndings("\\n")}'; expected one token of the tokenizer with blanks around it, such as '\\n</think>\\n\\n'.");
        }

        return new ThinkingOptions { CloseToken = close, ForcedClosing = forced, EndTokens = endTokens };
    }

    /// <summary>Checks the options.</summary>
    /// <exception cref="SidReasonerException">A value is out of range: which, and what is allowed.</exception>
    public void Validate()
    {
        if (Budget < 0)
        {
            throw new SidReasonerException($"The thinking budget is {Budget}; expected at least 0, where 0 closes the thought at once.");
        }

        if (CloseAt() < 0)
        {
            throw new SidReasonerException($"The closing tokens {string.Join(' ', ForcedClosing)} do not hold {CloseToken}, which closes a thought.");
        }

        Sampling.Validate();
    }

    /// <summary>Where <see cref="CloseToken"/> stands in <see cref="ForcedClosing"/>; what follows it follows every thought.</summary>
    internal int CloseAt()
    {
        for (int i = 0; i < ForcedClosing.Count; i++)
        {
            if (ForcedClosing[i] == CloseToken)
            {
                return i;
            }
        }

        return -1;
    }
}
