namespace SIDReasoner.TestSupport;

/// <summary>
/// transformers' <c>generate</c> under a prefix function, as golden/hf's README states it and as nobody would write it for speed: every
/// allowed sequence as text (a SID, newline, end of turn), every token of the vocabulary after every live sequence, a full sort.
/// </summary>
public static class SlowReference
{
    /// <summary>Searches.</summary>
    /// <param name="sids">The allowed SIDs as token ids; repeats count once.</param>
    /// <param name="end">Newline and end of turn.</param>
    /// <param name="logits">Logits of the whole vocabulary after a path.</param>
    /// <param name="logSumExp">Log-sum-exp of those logits as the model under test reports it.</param>
    /// <param name="beamWidth">Beams kept (W).</param>
    /// <returns>The ranking, best first; the sequences without newline and end of turn.</returns>
    public static IReadOnlyList<SlowSearch.Found> Search(
        IEnumerable<int[]> sids, int[] end, Func<int[], float[]> logits, Func<int[], float> logSumExp, int beamWidth)
    {
        HashSet<string> prefixes = [];
        foreach (int[] sid in sids)
        {
            int[] whole = [.. sid, .. end];
            prefixes.UnionWith(Enumerable.Range(1, whole.Length).Select(length => Key(whole[..length])));
        }

        var live = new List<SlowSearch.Found> { new([], 0f) };
        var aside = new List<SlowSearch.Found>();
        while (live.Count > 0 && aside.Count < beamWidth)
        {
            var candidates = live
                .SelectMany((beam, parent) => logits(beam.Tokens).Select((logit, token) => (
                    Beam: new SlowSearch.Found([.. beam.Tokens, token], beam.Score + (logit - logSumExp(beam.Tokens))),
                    Parent: parent,
                    Token: token)))
                .Where(candidate => prefixes.Contains(Key(candidate.Beam.Tokens)))
                .OrderByDescending(candidate => candidate.Beam.Score)
                .ThenBy(candidate => candidate.Parent)
                .ThenBy(candidate => candidate.Token)
                .Take(2 * beamWidth)
                .ToList();
            aside.AddRange(candidates.Take(beamWidth).Where(candidate => candidate.Token == end[1]).Select(candidate => candidate.Beam));
            live = [.. candidates.Where(candidate => candidate.Token != end[1]).Take(beamWidth).Select(candidate => candidate.Beam)];
        }

        return [.. aside.OrderByDescending(beam => beam.Score).Take(beamWidth).Select(beam => beam with { Tokens = beam.Tokens[..^2] })];
    }

    private static string Key(int[] tokens) => string.Join(' ', tokens);
}
