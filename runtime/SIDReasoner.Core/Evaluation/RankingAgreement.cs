namespace SIDReasoner.Core.Evaluation;

/// <summary>How alike two systems rank the same rows.</summary>
/// <param name="Rows">Rows compared.</param>
/// <param name="Overlap">Mean over rows of the share of the first K SIDs that both have: common ones by the longer list's length; 1 where both are empty. 0 to 1.</param>
/// <param name="SameFirst">Share of rows whose first SID is the same; two empty lists count as the same. 0 to 1.</param>
/// <param name="LargestScoreDifference">Largest distance of a SID's two scores, over SIDs that both have among their first K; 0 where there is none.</param>
/// <param name="MeanScoreDifference">Mean of those distances; 0 where there is none.</param>
public sealed record RankingAgreement(int Rows, double Overlap, double SameFirst, double LargestScoreDifference, double MeanScoreDifference)
{
    /// <summary>Compares the first <paramref name="k"/> places row by row.</summary>
    /// <param name="first">A ranking a row, best first, each SID at most once.</param>
    /// <param name="second">The other system's, of the same rows in the same order.</param>
    /// <param name="k">Places that count; at least 1.</param>
    /// <exception cref="ArgumentException">The systems have different numbers of rows, or none.</exception>
    public static RankingAgreement Compare(IReadOnlyList<IReadOnlyList<ScoredSid>> first, IReadOnlyList<IReadOnlyList<ScoredSid>> second, int k)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(k, 1);
        if (first.Count != second.Count || first.Count == 0)
            throw new ArgumentException($"{first.Count} and {second.Count} rows; expected as many, and at least one.", nameof(second));
        double overlap = 0, sum = 0, largest = 0;
        int sameFirst = 0, common = 0;
        for (var row = 0; row < first.Count; row++)
        {
            var scores = second[row].Take(k).ToDictionary(place => place.Sid, place => place.Score);
            int places = Math.Min(k, first[row].Count), shared = 0;
            for (var place = 0; place < places; place++)
            {
                if (!scores.TryGetValue(first[row][place].Sid, out var other))
                    continue;
                shared++;
                var difference = Math.Abs((double)first[row][place].Score - other);
                sum += difference;
                largest = Math.Max(largest, difference);
            }

            common += shared;
            overlap += Math.Max(places, scores.Count) is var length and > 0 ? (double)shared / length : 1;
            if (places == 0 ? scores.Count == 0 : scores.Count > 0 && first[row][0].Sid.Equals(second[row][0].Sid))
                sameFirst++;
        }

        return new RankingAgreement(first.Count, overlap / first.Count, (double)sameFirst / first.Count, largest, common > 0 ? sum / common : 0);
    }
}
