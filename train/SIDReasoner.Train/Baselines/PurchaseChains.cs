using SIDReasoner.Core.Items;

namespace SIDReasoner.Train.Baselines;

/// <summary>Puts each user's overlapping rows back together, so that no purchase is counted twice.</summary>
public static class PurchaseChains
{
    /// <summary>
    /// Rows of one user in file order: a row whose history is the chain so far (or, where histories are cut, its end) adds its target to that
    /// chain; any other row starts a chain of its history and target.
    /// </summary>
    /// <param name="rows">Rows, each user's in order of time.</param>
    /// <returns>Item indexes, oldest first, one array a chain: users by first appearance, then chains by first appearance.</returns>
    public static IReadOnlyList<int[]> Rebuild(IReadOnlyList<Interaction> rows)
    {
        ArgumentNullException.ThrowIfNull(rows);
        int longest = rows.Count == 0 ? 0 : rows.Max(row => row.History.Count);
        var chainsOfUser = new Dictionary<string, List<List<int>>>(StringComparer.Ordinal);
        var order = new List<List<List<int>>>();
        foreach (Interaction row in rows)
        {
            if (!chainsOfUser.TryGetValue(row.UserId, out List<List<int>>? chains))
            {
                chainsOfUser[row.UserId] = chains = [];
                order.Add(chains);
            }

            List<int>? continued = chains.Find(chain => Continues(chain, row.History, longest));
            if (continued is null)
            {
                continued = [.. row.History];
                chains.Add(continued);
            }

            continued.Add(row.Target);
        }

        return order.SelectMany(chains => chains).Select(chain => chain.ToArray()).ToList();
    }

    private static bool Continues(List<int> chain, IReadOnlyList<int> history, int longest)
    {
        bool mayBeCut = history.Count == longest;
        if (chain.Count < history.Count || (chain.Count > history.Count && !mayBeCut))
        {
            return false;
        }

        int skipped = chain.Count - history.Count;
        for (int i = 0; i < history.Count; i++)
        {
            if (chain[skipped + i] != history[i])
            {
                return false;
            }
        }

        return true;
    }
}
