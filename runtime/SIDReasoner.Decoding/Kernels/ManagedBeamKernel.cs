using System.Runtime.CompilerServices;
using SIDReasoner.Core.Tries;

namespace SIDReasoner.Decoding.Kernels;

/// <summary>The selection step in plain C#: always there, and what every other kernel must agree with.</summary>
/// <remarks>
/// Candidates arrive in order of (parent, token), so one 64-bit key, score first and arrival second, carries the whole order. A
/// buffer of a few times W keys is cut back to the best W when it fills, and what does not beat the worst of them is never stored.
/// </remarks>
public sealed class ManagedBeamKernel : IBeamKernel
{
    private const int SmallestBuffer = 1024;

    private float[] _children = [];
    private ulong[] _keys = [];
    private long[] _firstArrival = [];
    private uint[] _firstChild = [];
    private uint[] _nodes = [];
    private float[] _scores = [];
    private int[] _rows = [];

    /// <inheritdoc/>
    public void Advance(SidTrie trie, in LogitsView sidLogits, in LogitsView logSumExp, ReadOnlySpan<SidFilter?> filters, BeamBatch beams)
    {
        BeamStepRules.Check(trie, sidLogits, logSumExp, filters, beams);

        int fanOut = trie.MaxFanOut(beams.Depth);
        if (_children.Length < fanOut + BeamMath.Padding)
        {
            _children = new float[fanOut + BeamMath.Padding];
        }

        for (int request = 0; request < beams.RequestCount; request++)
        {
            SidFilter? filter = filters.IsEmpty ? null : filters[request];
            Advance(trie, sidLogits, logSumExp, filter, beams, request);
        }

        beams.Depth++;
    }

    private void Advance(SidTrie trie, in LogitsView sidLogits, in LogitsView logSumExp, SidFilter? filter, BeamBatch beams, int request)
    {
        int depth = beams.Depth;
        int offset = beams.Offset(request);
        int width = beams.Width(request);
        int count = beams.Count(request);
        Reserve(width, count);

        beams.Nodes.Slice(offset, count).CopyTo(_nodes);
        beams.Scores.Slice(offset, count).CopyTo(_scores);
        beams.Rows.Slice(offset, count).CopyTo(_rows);

        int kept = 0;
        uint arrival = 0;
        ulong bound = ulong.MaxValue;
        for (int beam = 0; beam < count; beam++)
        {
            _firstArrival[beam] = arrival;
            int row = _rows[beam];
            if (row == BeamBatch.NoRow)
            {
                Offer(Key(_scores[beam], arrival++), width, ref kept, ref bound);
                continue;
            }

            trie.Children(depth, _nodes[beam], out uint first, out uint end);
            _firstChild[beam] = first;
            int children = (int)(end - first);
            Span<float> logits = _children.AsSpan(0, children);
            Gather(trie, sidLogits, row, depth, first, logits);
            Forbid(logits, filter, depth, first);
            float normaliser;
            if (logSumExp.Rows > 0)
            {
                normaliser = RowLogSumExp(logSumExp, row, depth);
            }
            else
            {
                // A node whose children all have minus infinity is a dead end.
                float largest = Largest(logits, trie, row, depth, first);
                normaliser = largest == float.NegativeInfinity ? 0 : ChildrenLogSumExp(children, largest);
            }

            // A child that is forbidden still takes its arrival number, so that ties order by token as everywhere.
            for (int child = 0; child < children; child++, arrival++)
            {
                float score = _scores[beam] + (logits[child] - normaliser);
                if (!(score <= float.MaxValue))
                {
                    throw new InvalidLogitsException(row, trie.Column(depth + 1, first + (uint)child), depth, logits[child]);
                }

                if (score != float.NegativeInfinity)
                {
                    Offer(Key(score, arrival), width, ref kept, ref bound);
                }
            }
        }

        Span<ulong> best = _keys.AsSpan(0, kept);
        best.Sort();
        int survivors = Math.Min(kept, width);
        for (int place = 0; place < survivors; place++)
        {
            ulong key = best[place];
            long arrived = (uint)key;
            int parent = ParentOf(arrived, count);
            int slot = offset + place;
            beams.Parents[slot] = parent;
            beams.Scores[slot] = ScoreOf(key);
            if (_rows[parent] == BeamBatch.NoRow)
            {
                beams.Nodes[slot] = _nodes[parent];
                beams.Tokens[slot] = BeamBatch.NoToken;
            }
            else
            {
                uint node = _firstChild[parent] + (uint)(arrived - _firstArrival[parent]);
                beams.Nodes[slot] = node;
                beams.Tokens[slot] = (int)trie.Token(depth + 1, node);
            }
        }

        beams.SetCount(request, survivors);
    }

    private void Reserve(int width, int count)
    {
        int buffer = Math.Max(SmallestBuffer, 4 * width);
        if (_keys.Length < buffer)
        {
            _keys = new ulong[buffer];
        }

        if (_nodes.Length < count)
        {
            int size = Math.Max(count, width);
            _firstArrival = new long[size];
            _firstChild = new uint[size];
            _nodes = new uint[size];
            _scores = new float[size];
            _rows = new int[size];
        }
    }

    private static unsafe void Gather(SidTrie trie, in LogitsView view, int row, int depth, uint first, Span<float> logits)
    {
        nint start = view.Pointer;
        long from = (long)row * view.Columns;
        ReadOnlySpan<int> columnOf = trie.ColumnOf(depth + 1);
        switch (view.Type)
        {
            case TensorElementType.Float32:
                float* singles = (float*)start + from;
                for (int child = 0; child < logits.Length; child++)
                {
                    logits[child] = singles[columnOf[trie.RankOf(depth + 1, first + (uint)child)]];
                }

                break;
            case TensorElementType.Float16:
                Half* halves = (Half*)start + from;
                for (int child = 0; child < logits.Length; child++)
                {
                    logits[child] = (float)halves[columnOf[trie.RankOf(depth + 1, first + (uint)child)]];
                }

                break;
            case TensorElementType.BFloat16:
                ushort* brains = (ushort*)start + from;
                for (int child = 0; child < logits.Length; child++)
                {
                    logits[child] = BitConverter.UInt32BitsToSingle((uint)brains[columnOf[trie.RankOf(depth + 1, first + (uint)child)]] << 16);
                }

                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(view), view.Type, "An unknown element type.");
        }
    }

    private static unsafe float RowLogSumExp(in LogitsView logSumExp, int row, int depth)
    {
        float value = ((float*)logSumExp.Pointer)[row];
        return float.IsFinite(value) ? value : throw new InvalidLogitsException(row, -1, depth, value);
    }

    private static void Forbid(Span<float> logits, SidFilter? filter, int depth, uint first)
    {
        if (filter is null)
        {
            return;
        }

        for (int child = 0; child < logits.Length; child++)
        {
            if (!filter.IsAllowed(depth + 1, first + (uint)child))
            {
                logits[child] = float.NegativeInfinity;
            }
        }
    }

    private static float Largest(ReadOnlySpan<float> logits, SidTrie trie, int row, int depth, uint first)
    {
        float largest = float.NegativeInfinity;
        for (int child = 0; child < logits.Length; child++)
        {
            if (!(logits[child] <= float.MaxValue))
            {
                throw new InvalidLogitsException(row, trie.Column(depth + 1, first + (uint)child), depth, logits[child]);
            }

            largest = Math.Max(largest, logits[child]);
        }

        return largest;
    }

    private float ChildrenLogSumExp(int children, float largest)
    {
        int padded = (children + BeamMath.Padding - 1) / BeamMath.Padding * BeamMath.Padding;
        _children.AsSpan(children, padded - children).Fill(float.NegativeInfinity);
        return BeamMath.LogSumExp(_children.AsSpan(0, padded), largest);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Offer(ulong key, int width, ref int kept, ref ulong bound)
    {
        if (key >= bound)
        {
            return;
        }

        _keys[kept++] = key;
        if (kept == _keys.Length)
        {
            KeepSmallest(_keys.AsSpan(0, kept), width);
            kept = width;
            bound = _keys.AsSpan(0, width).MaxKey();
        }
    }

    /// <summary>Moves the <paramref name="count"/> smallest keys to the front, in no order (Hoare's selection, median of three).</summary>
    private static void KeepSmallest(Span<ulong> keys, int count)
    {
        int low = 0;
        int high = keys.Length - 1;
        while (low < high)
        {
            ulong a = keys[low], b = keys[low + ((high - low) >> 1)], c = keys[high];
            ulong pivot = Math.Max(Math.Min(a, b), Math.Min(Math.Max(a, b), c));
            int left = low, right = high;
            while (left <= right)
            {
                while (keys[left] < pivot)
                {
                    left++;
                }

                while (keys[right] > pivot)
                {
                    right--;
                }

                if (left <= right)
                {
                    (keys[left], keys[right]) = (keys[right], keys[left]);
                    left++;
                    right--;
                }
            }

            if (count - 1 <= right)
            {
                high = right;
            }
            else if (count - 1 >= left)
            {
                low = left;
            }
            else
            {
                return;
            }
        }
    }

    private int ParentOf(long arrival, int count)
    {
        // Arrivals ascend with the beams; a beam without children shares its successor's first arrival, so take the last match.
        int low = 0, high = count - 1;
        while (low < high)
        {
            int middle = (low + high + 1) >> 1;
            if (_firstArrival[middle] <= arrival)
            {
                low = middle;
            }
            else
            {
                high = middle - 1;
            }
        }

        return low;
    }

    /// <summary>A key that sorts ascending as (score descending, arrival ascending). Adding 0 makes -0 and 0 one score.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Key(float score, uint arrival)
    {
        uint bits = BitConverter.SingleToUInt32Bits(score + 0f);
        uint ascending = (bits & 0x8000_0000) != 0 ? ~bits : bits | 0x8000_0000;
        return ((ulong)~ascending << 32) | arrival;
    }

    private static float ScoreOf(ulong key)
    {
        uint ascending = ~(uint)(key >> 32);
        uint bits = (ascending & 0x8000_0000) != 0 ? ascending & 0x7FFF_FFFF : ~ascending;
        return BitConverter.UInt32BitsToSingle(bits);
    }
}
