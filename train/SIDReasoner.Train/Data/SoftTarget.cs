namespace SIDReasoner.Train.Data;

/// <summary>What a teacher expects at one token: tokens and their shares.</summary>
/// <param name="Tokens">Different tokens.</param>
/// <param name="Shares">Their probabilities, times how sure the teacher is of the path so far; the sum is at most 1.</param>
/// <param name="Total">The sum of <paramref name="Shares"/>.</param>
internal sealed record SoftTarget(int[] Tokens, float[] Shares, float Total);
