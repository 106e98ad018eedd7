namespace SIDReasoner.Benchmarks;

/// <summary>The usual way without a trie kernel: a mask over all SID columns from a dictionary of prefixes, log-softmax, sort everything.</summary>
internal sealed class DenseMaskSearch
{
    private readonly Dictionary<long, List<int>> _children = [];
    private readonly int _levels;
    private readonly int _columns;

    public DenseMaskSearch(int[] sids, int levels, int columns)
    {
        _levels = levels;
        _columns = columns;
        var known = new HashSet<long>();
        for (int start = 0; start < sids.Length; start += levels)
        {
            long prefix = 0;
            for (int level = 0; level < levels; level++)
            {
                long next = Append(prefix, sids[start + level]);
                if (known.Add(next))
                {
                    if (!_children.TryGetValue(prefix, out List<int>? columnsBelow))
                    {
                        _children[prefix] = columnsBelow = [];
                    }

                    columnsBelow.Add(sids[start + level]);
                }

                prefix = next;
            }
        }
    }

    /// <summary>A path: its columns packed into one number, its last column, its score.</summary>
    public readonly record struct Beam(long Prefix, int Parent, int Column, float Score);

    /// <summary>Searches all levels.</summary>
    /// <param name="logits">For each level float32 [width, columns], row-major; beam i reads row i.</param>
    /// <param name="width">Beams kept.</param>
    public Beam[] Search(float[][] logits, int width)
    {
        Beam[] beams = [new Beam(0, -1, -1, 0)];
        for (int level = 0; level < _levels; level++)
        {
            var candidates = new List<Beam>(beams.Length * _columns);
            for (int parent = 0; parent < beams.Length; parent++)
            {
                float[] scores = MaskedLogSoftmax(logits[level].AsSpan(parent * _columns, _columns), _children[beams[parent].Prefix]);
                for (int column = 0; column < _columns; column++)
                {
                    candidates.Add(new Beam(Append(beams[parent].Prefix, column), parent, column, beams[parent].Score + scores[column]));
                }
            }

            candidates.Sort(static (left, right) =>
            {
                int order = right.Score.CompareTo(left.Score);
                order = order != 0 ? order : left.Parent.CompareTo(right.Parent);
                return order != 0 ? order : left.Column.CompareTo(right.Column);
            });
            beams = [.. candidates.Take(width).TakeWhile(beam => beam.Score > float.NegativeInfinity)];
        }

        return beams;
    }

    private static long Append(long prefix, int column) => (prefix << 12) | (uint)(column + 1);

    private static float[] MaskedLogSoftmax(ReadOnlySpan<float> logits, List<int> allowed)
    {
        float[] masked = new float[logits.Length];
        Array.Fill(masked, float.NegativeInfinity);
        foreach (int column in allowed)
        {
            masked[column] = logits[column];
        }

        float largest = float.NegativeInfinity;
        foreach (float value in masked)
        {
            largest = Math.Max(largest, value);
        }

        float sum = 0;
        foreach (float value in masked)
        {
            sum += MathF.Exp(value - largest);
        }

        float normalizer = largest + MathF.Log(sum);
        for (int i = 0; i < masked.Length; i++)
        {
            masked[i] -= normalizer;
        }

        return masked;
    }
}
