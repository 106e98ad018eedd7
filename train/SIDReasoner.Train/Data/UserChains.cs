using SIDReasoner.Core.Items;

namespace SIDReasoner.Train.Data;

/// <summary>Joins the rows of each user back to purchase sequences, so that one causal pass trains every prefix once.</summary>
/// <remarks>
/// A row is a piece of its user's sequence: its history, then its target. Two pieces join where one holds the other, or where one ends with
/// at least two items that the other begins with; rows may come in any order. Pieces that do not meet stay chains of their own.
/// </remarks>
public static class UserChains
{
    private const int LeastOverlap = 2;

    /// <summary>Rebuilds the chains.</summary>
    /// <param name="rows">Training rows of any number of users.</param>
    /// <returns>Item indexes, oldest first, each chain at least 2 long; users in order of first row.</returns>
    public static IReadOnlyList<int[]> Rebuild(IReadOnlyList<Interaction> rows)
    {
        var ofUser = new Dictionary<string, List<int[]>>(StringComparer.Ordinal);
        var users = new List<List<int[]>>();
        foreach (Interaction row in rows)
        {
            if (!ofUser.TryGetValue(row.UserId, out List<int[]>? chains))
            {
                ofUser[row.UserId] = chains = [];
                users.Add(chains);
            }

            int[] piece = [.. row.History, row.Target];
            for (int i = 0; i < chains.Count; i++)
            {
                if (Join(chains[i], piece) is { } joined)
                {
                    piece = joined;
                    chains.RemoveAt(i);
                    i = -1; // the longer piece may meet one that the shorter did not
                }
            }

            chains.Add(piece);
        }

        return [.. users.SelectMany(chains => chains)];
    }

    private static int[]? Join(int[] first, int[] second)
    {
        if (first.AsSpan().IndexOf(second) >= 0)
        {
            return first;
        }

        if (second.AsSpan().IndexOf(first) >= 0)
        {
            return second;
        }

        return Overlap(first, second) ?? Overlap(second, first);
    }

    private static int[]? Overlap(int[] earlier, int[] later)
    {
        for (int length = Math.Min(earlier.Length, later.Length) - 1; length >= LeastOverlap; length--)
        {
            if (earlier.AsSpan(earlier.Length - length).SequenceEqual(later.AsSpan(0, length)))
            {
                return [.. earlier, .. later.AsSpan(length)];
            }
        }

        return null;
    }
}
