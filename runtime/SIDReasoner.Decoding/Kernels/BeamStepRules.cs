using SIDReasoner.Core.Tries;

namespace SIDReasoner.Decoding.Kernels;

/// <summary>What every kernel of the host refuses before a step, in the same words.</summary>
internal static class BeamStepRules
{
    /// <summary>Checks the arguments of <see cref="IBeamKernel.Advance"/> against each other.</summary>
    /// <exception cref="ArgumentException">Shapes disagree or a row is out of range.</exception>
    public static void Check(SidTrie trie, in LogitsView sidLogits, in LogitsView logSumExp, ReadOnlySpan<SidFilter?> filters, BeamBatch beams)
    {
        ArgumentNullException.ThrowIfNull(trie);
        ArgumentNullException.ThrowIfNull(beams);
        if (beams.Depth >= trie.LevelCount)
        {
            throw new ArgumentException($"The beams stand at depth {beams.Depth}; the trie has {trie.LevelCount} levels.", nameof(beams));
        }

        if (sidLogits.Device != DeviceKind.Cpu || logSumExp.Device != DeviceKind.Cpu)
        {
            throw new ArgumentException("This kernel reads host memory; found logits on a device.", nameof(sidLogits));
        }

        if (sidLogits.Rows > 0 && sidLogits.Columns != trie.ColumnCount)
        {
            throw new ArgumentException($"sidLogits has {sidLogits.Columns} columns; the trie names {trie.ColumnCount} SID columns.", nameof(sidLogits));
        }

        if (logSumExp.Rows > 0 && (logSumExp.Columns != 1 || logSumExp.Rows != sidLogits.Rows || logSumExp.Type != TensorElementType.Float32))
        {
            throw new ArgumentException($"logSumExp is {logSumExp.Type} [{logSumExp.Rows}, {logSumExp.Columns}]; expected Float32 [{sidLogits.Rows}, 1].", nameof(logSumExp));
        }

        if (!filters.IsEmpty && filters.Length != beams.RequestCount)
        {
            throw new ArgumentException($"{filters.Length} filters for {beams.RequestCount} requests; pass one a request, or none.", nameof(filters));
        }

        for (int request = 0; request < beams.RequestCount; request++)
        {
            foreach (int row in beams.Rows.Slice(beams.Offset(request), beams.Count(request)))
            {
                if (row < BeamBatch.NoRow || row >= sidLogits.Rows)
                {
                    throw new ArgumentException($"A beam of request {request} reads row {row}; sidLogits has {sidLogits.Rows} rows.", nameof(beams));
                }
            }
        }
    }
}
