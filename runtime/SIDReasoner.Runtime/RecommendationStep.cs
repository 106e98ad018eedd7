namespace SIDReasoner.Runtime;

/// <summary>One event of <see cref="Recommender.StreamAsync"/>.</summary>
/// <param name="ThinkingText">The next piece of the thought, never half a character; empty with the answer.</param>
/// <param name="Answer">The answer, with the last event alone; null before.</param>
public readonly record struct RecommendationStep(string ThinkingText, Recommendation? Answer);
