using SIDReasoner.Core.SemanticIds;

namespace SIDReasoner.Core.Evaluation;

/// <summary>One place of a ranking.</summary>
/// <param name="Sid">The SID.</param>
/// <param name="Score">Sum of natural-log probabilities along it, at most 0.</param>
public readonly record struct ScoredSid(SemanticId Sid, float Score);
