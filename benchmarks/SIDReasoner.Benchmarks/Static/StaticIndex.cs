using TorchSharp;

namespace SIDReasoner.Benchmarks.Static;

/// <summary>STATIC's index (arXiv:2602.22647) of a catalogue with three levels: row pointers, and interleaved [token, next state] pairs.</summary>
/// <remarks>State 0 is the sink, state t + 1 the level-0 code t; the states of level 1 follow, in order. The leaves lead to the sink.</remarks>
internal sealed class StaticIndex : IDisposable
{
    /// <summary>Builds from SIDs.</summary>
    /// <param name="sids">Codes, int [items, 3], row-major.</param>
    /// <param name="codes">Codes a level.</param>
    /// <param name="firstToken">Token id of code 0 of level 0; level l has <paramref name="codes"/> ids from <paramref name="firstToken"/> + l * <paramref name="codes"/>.</param>
    public StaticIndex(int[] sids, int codes, int firstToken)
    {
        int items = sids.Length / 3;
        var pairKeys = new int[items];
        var leafKeys = new int[items];
        for (int item = 0; item < items; item++)
        {
            pairKeys[item] = (sids[3 * item] * codes) + sids[(3 * item) + 1];
            leafKeys[item] = (pairKeys[item] * codes) + sids[(3 * item) + 2];
        }

        int[] pairs = [.. pairKeys.Distinct().Order()];
        int[] leaves = [.. leafKeys.Distinct().Order()];
        var pointers = new long[1 + codes + pairs.Length + 1];
        var edges = new List<int>(2 * (pairs.Length + leaves.Length));
        for (int place = 0; place < pairs.Length; place++)
        {
            pointers[2 + (pairs[place] / codes)]++;
            edges.Add(firstToken + codes + (pairs[place] % codes));
            edges.Add(1 + codes + place);
        }

        for (int place = 0, parent = 0; place < leaves.Length; place++)
        {
            while (pairs[parent] != leaves[place] / codes)
            {
                parent++;
            }

            pointers[2 + codes + parent]++;
            edges.Add(firstToken + (2 * codes) + (leaves[place] % codes));
            edges.Add(0);
        }

        for (int state = 1; state < pointers.Length; state++)
        {
            WidestOfLevel1 = state < 2 + codes ? Math.Max(WidestOfLevel1, (int)pointers[state]) : WidestOfLevel1;
            pointers[state] += pointers[state - 1];
        }

        RowPointers = torch.tensor(pointers);
        Pairs = torch.tensor(edges.ToArray(), [edges.Count / 2, 2]);
    }

    /// <summary>int64 [states + 1].</summary>
    public torch.Tensor RowPointers { get; }

    /// <summary>int32 [edges, 2]: token id, next state.</summary>
    public torch.Tensor Pairs { get; }

    /// <summary>Most children of a level-0 state: the width of the padded gather.</summary>
    public int WidestOfLevel1 { get; }

    public void Dispose()
    {
        RowPointers.Dispose();
        Pairs.Dispose();
    }
}
