using SIDReasoner.Decoding;

namespace SIDReasoner.TestSupport;

/// <summary>
/// The obvious search, and the definition of a right answer: a dictionary of prefixes, every continuation of every beam, a full
/// sort. No trie arrays, no packing, no skipped forward.
/// </summary>
public static class SlowSearch
{
    /// <summary>One found SID.</summary>
    /// <param name="Tokens">Its token ids.</param>
    /// <param name="Score">Sum of natural-log probabilities.</param>
    public sealed record Found(int[] Tokens, float Score);

    /// <summary>Searches.</summary>
    /// <param name="sids">The allowed SIDs as token ids; repeats count once.</param>
    /// <param name="logits">Logits of the whole vocabulary after a path of SID tokens.</param>
    /// <param name="logSumExp">Log-sum-exp of those logits as the model under test reports it.</param>
    /// <param name="beamWidth">Beams kept.</param>
    /// <param name="mode">Score mode.</param>
    /// <returns>The ranking, best first.</returns>
    public static IReadOnlyList<Found> Search(
        IEnumerable<int[]> sids, Func<int[], float[]> logits, Func<int[], float> logSumExp, int beamWidth, ScoreMode mode)
    {
        var children = new Dictionary<string, SortedSet<int>>();
        foreach (int[] sid in sids)
        {
            for (int depth = 0; depth < sid.Length; depth++)
            {
                string prefix = Key(sid[..depth]);
                if (!children.TryGetValue(prefix, out SortedSet<int>? next))
                {
                    children[prefix] = next = [];
                }

                next.Add(sid[depth]);
            }
        }

        if (children.Count == 0)
        {
            return [];
        }

        var beams = new List<Found> { new([], 0f) };
        while (beams.Any(beam => children.ContainsKey(Key(beam.Tokens))))
        {
            var candidates = new List<(Found Beam, int Parent, int Token)>();
            for (int parent = 0; parent < beams.Count; parent++)
            {
                Found beam = beams[parent];
                if (!children.TryGetValue(Key(beam.Tokens), out SortedSet<int>? next))
                {
                    candidates.Add((beam, parent, -1));
                    continue;
                }

                float[] row = logits(beam.Tokens);
                double normaliser = mode == ScoreMode.Exact ? logSumExp(beam.Tokens) : LogSumExp(next.Select(token => row[token]));
                foreach (int token in next)
                {
                    candidates.Add((new Found([.. beam.Tokens, token], beam.Score + (float)(row[token] - normaliser)), parent, token));
                }
            }

            beams = candidates
                .OrderByDescending(candidate => candidate.Beam.Score)
                .ThenBy(candidate => candidate.Parent)
                .ThenBy(candidate => candidate.Token)
                .Take(beamWidth)
                .Select(candidate => candidate.Beam)
                .ToList();
        }

        return beams;
    }

    /// <summary>Natural log of the sum of exponentials, in double.</summary>
    /// <param name="values">At least one value, in ascending order of token.</param>
    /// <returns>The log-sum-exp.</returns>
    public static double LogSumExp(IEnumerable<float> values)
    {
        float[] all = values.ToArray();
        float largest = all.Max();
        double sum = 0;
        foreach (float value in all)
        {
            sum += Math.Exp((double)value - largest);
        }

        return largest + Math.Log(sum);
    }

    private static string Key(int[] tokens) => string.Join(' ', tokens);
}
