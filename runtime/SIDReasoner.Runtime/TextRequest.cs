using SIDReasoner.Core.Text;
using SIDReasoner.Decoding.Sampling;

namespace SIDReasoner.Runtime;

/// <summary>Asks a <see cref="TextModel"/> for text. Give one of <see cref="Messages"/>, <see cref="Prompt"/> and <see cref="PromptIds"/>.</summary>
public sealed record TextRequest
{
    /// <summary>A conversation, oldest turn first; rendered by the checkpoint's chat template, up to where the model's turn begins.</summary>
    public IReadOnlyList<ChatMessage>? Messages { get; init; }

    /// <summary>A text, tokenised as it stands; control tokens written in it are those tokens.</summary>
    public string? Prompt { get; init; }

    /// <summary>Token ids, used as they are.</summary>
    public IReadOnlyList<int>? PromptIds { get; init; }

    /// <summary>Most tokens of the text, the one that ends it included. Default 256; at least 0.</summary>
    public int MaxTokens { get; init; } = 256;

    /// <summary>How tokens are chosen. Default greedy.</summary>
    public SamplingOptions Sampling { get; init; } = SamplingOptions.Greedy;

    /// <summary>A LoRA adapter of the bundle; null, the default, for the model as it is.</summary>
    public string? Adapter { get; init; }

    /// <summary>Lets the model think before it writes; null, the default, for no thought. A chat template sees enable_thinking accordingly.</summary>
    public ThinkingRequest? Thinking { get; init; }
}
