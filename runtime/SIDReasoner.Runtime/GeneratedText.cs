namespace SIDReasoner.Runtime;

/// <summary>The answer to a <see cref="TextRequest"/>.</summary>
public sealed record GeneratedText
{
    /// <summary>The tokens generated, the one that ended the text included.</summary>
    public required IReadOnlyList<int> TokenIds { get; init; }

    /// <summary>Their text without special tokens; null where the bundle has no tokenizer.</summary>
    public required string? Text { get; init; }

    /// <summary>Whether the model ended the text; false where the most tokens or the context did.</summary>
    public required bool HasEnded { get; init; }

    /// <summary>The thought before the text; null where none was asked for.</summary>
    public Thought? Thinking { get; init; }

    /// <summary>Milliseconds a stage.</summary>
    public required TextStageTimes Stages { get; init; }

    /// <summary>Tokens of the prompt.</summary>
    public required int PromptTokens { get; init; }

    /// <summary>How many of them were not run, since an earlier prompt began the same; 0 where none did.</summary>
    public int PrefixTokens { get; init; }

    /// <summary>Name of the engine that computed.</summary>
    public required string Engine { get; init; }

    /// <summary>The precision that ran, such as "fp32".</summary>
    public required string Precision { get; init; }
}

/// <summary>Wall-clock milliseconds of a text's stages.</summary>
/// <param name="Prompt">Rendering and tokenising.</param>
/// <param name="Prefill">Running the prompt through the model.</param>
/// <param name="Thinking">The thought; 0 where none was asked for.</param>
/// <param name="Decode">The text.</param>
public readonly record struct TextStageTimes(double Prompt, double Prefill, double Thinking, double Decode);

/// <summary>One event of <see cref="TextModel.StreamAsync"/>.</summary>
/// <param name="Piece">The next piece of the thought or the text, never half a character; empty with the answer.</param>
/// <param name="IsThought">Whether the piece belongs to the thought before the text.</param>
/// <param name="Answer">The answer, with the last event alone; null before.</param>
public readonly record struct TextStep(string Piece, bool IsThought, GeneratedText? Answer);
