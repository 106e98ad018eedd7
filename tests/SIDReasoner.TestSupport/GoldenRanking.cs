using System.Text.Json;
using SIDReasoner.Core.Tries;
using SIDReasoner.Decoding;
using Xunit;

namespace SIDReasoner.TestSupport;

/// <summary>Compares rankings with those of golden/hf.</summary>
internal static class GoldenRanking
{
    private const float ScoreTolerance = 1e-4f;
    private const float SmallestGap = 2.5e-4f;

    /// <summary>Items and order equal, scores within the tolerance.</summary>
    public static void AssertSame(JsonElement expected, ReadOnlySpan<Hypothesis> actual, SidTrie trie, Func<int, bool>? isAllowed, string where)
    {
        int[][] items = [.. expected.GetProperty("items").EnumerateArray().Select(Ints)];
        float[] scores = [.. expected.GetProperty("scores").EnumerateArray().Select(score => score.GetSingle())];
        Assert.True(items.Length == actual.Length, $"{where}: {actual.Length} SIDs; expected {items.Length}.");
        var own = new List<int>();
        for (int rank = 0; rank < items.Length; rank++)
        {
            Assert.True(
                Math.Abs(scores[rank] - actual[rank].Score) <= ScoreTolerance,
                $"{where}, rank {rank + 1}: score {actual[rank].Score}; expected {scores[rank]} within {ScoreTolerance} (neighbours are at least {SmallestGap} apart).");
            own.Clear();
            trie.CopyItems(actual[rank].SidNumber, own);
            own.RemoveAll(item => isAllowed?.Invoke(item) == false);
            Assert.True(items[rank].SequenceEqual(own), $"{where}, rank {rank + 1}: items {string.Join(',', own)}; expected {string.Join(',', items[rank])}.");
        }
    }

    /// <summary>What transformers' <c>generate</c> found, in either program's settings.</summary>
    public static IReadOnlyList<string> ReferenceRuns => ["reference", "minionerec"];

    /// <summary>The real rows of <c>generate</c>, each a SID with newline and end of turn: sequences and order equal, scores within the tolerance.</summary>
    public static void AssertSameSequences(JsonElement expected, ReadOnlySpan<Hypothesis> actual, SidTrie trie, int[] end, string where)
    {
        int real = expected.GetProperty("real").GetInt32();
        Assert.True(real == actual.Length, $"{where}: {actual.Length} SIDs; expected {real}.");
        for (int rank = 0; rank < real; rank++)
        {
            trie.FindEnd(actual[rank].SidNumber, out int depth, out uint node);
            int[] sid = new int[depth];
            trie.CopyTokens(depth, node, sid);
            int[] sequence = Ints(expected.GetProperty("sequences")[rank]);
            Assert.True(
                sequence.AsSpan(0, depth + end.Length).SequenceEqual([.. sid, .. end]),
                $"{where}, rank {rank + 1}: {string.Join(' ', sid)}; expected {string.Join(' ', sequence)}.");
            JsonElement scores = expected.GetProperty("sequences_scores");
            float? score = scores.ValueKind == JsonValueKind.Array ? scores[rank].GetSingle()
                : expected.TryGetProperty("score_recomputed", out JsonElement recomputed) ? recomputed.GetSingle() : null;
            Assert.True(
                score is null || Math.Abs(score.Value - actual[rank].Score) <= ScoreTolerance,
                $"{where}, rank {rank + 1}: score {actual[rank].Score}; expected {score} within {ScoreTolerance}.");
        }
    }

    /// <summary>A JSON array of integers.</summary>
    public static int[] Ints(JsonElement list) => [.. list.EnumerateArray().Select(value => value.GetInt32())];
}
