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

    /// <summary>A JSON array of integers.</summary>
    public static int[] Ints(JsonElement list) => [.. list.EnumerateArray().Select(value => value.GetInt32())];
}
