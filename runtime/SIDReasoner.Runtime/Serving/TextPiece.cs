namespace SIDReasoner.Runtime.Serving;

/// <summary>A piece of generated text, and whether it belongs to the thought before the text.</summary>
internal readonly record struct TextPiece(string? Text, bool IsThought);
