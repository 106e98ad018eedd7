namespace SIDReasoner.Decoding;

/// <summary>A finished path of the SID search.</summary>
/// <param name="SidNumber">The SID's number in the trie (see <see cref="Core.Tries.SidTrie"/>).</param>
/// <param name="Score">Sum of natural-log probabilities along the path, at most 0.</param>
public readonly record struct Hypothesis(int SidNumber, float Score);
