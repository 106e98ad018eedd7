using System.Globalization;
using System.Text.Json;
using SIDReasoner.Core.Bundles;
using SIDReasoner.Core.Evaluation;

namespace SIDReasoner.Cli.Evaluation;

/// <summary>Two contenders' answers to the same rows, held beside one another.</summary>
/// <param name="First">One.</param>
/// <param name="Second">The other, to which differences are taken.</param>
/// <param name="Agreement">How alike the first ten places are.</param>
/// <param name="HitRate">HR@10 by SID of the first minus the second, with its interval.</param>
/// <param name="Ndcg">The same of NDCG@10.</param>
internal sealed record ContenderPair(Contender First, Contender Second, RankingAgreement Agreement, PairedBootstrap HitRate, PairedBootstrap Ndcg)
{
    /// <summary>Compares two runs over the same rows.</summary>
    public static ContenderPair Of(ContenderRun first, ContenderRun second, ulong seed) => new(
        first.Contender,
        second.Contender,
        RankingAgreement.Compare([.. first.Rows.Select(row => row.Top)], [.. second.Rows.Select(row => row.Top)], RankedRow.Places),
        Difference(first, second, RankingMetrics.Hit, seed),
        Difference(first, second, RankingMetrics.Gain, seed));

    /// <summary>Every later run against every earlier one.</summary>
    public static ContenderPair[] All(IReadOnlyList<ContenderRun> runs, ulong seed) =>
        [.. runs.SelectMany((second, at) => runs.Skip(at + 1).Select(first => Of(first, second, seed)))];

    /// <summary>Writes a table of pairs.</summary>
    public static void Print(TextWriter writer, IReadOnlyList<ContenderPair> pairs)
    {
        string[] names = [.. pairs.Select(pair => $"{pair.First} / {pair.Second}")];
        int width = names.Max(name => name.Length);
        writer.WriteLine($"{"".PadRight(width)}  top 10 shared  same first  score difference, mean  max      HR@10 difference           NDCG@10 difference");
        foreach ((ContenderPair pair, string name) in pairs.Zip(names))
        {
            RankingAgreement agreement = pair.Agreement;
            writer.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{name.PadRight(width)}  {agreement.Overlap,13:P1}  {agreement.SameFirst,10:P1}  {agreement.MeanScoreDifference,22:G4}  {agreement.LargestScoreDifference,-7:G4}  {Text(pair.HitRate)}  {Text(pair.Ndcg)}"));
        }
    }

    /// <summary>The pair as bundle.json and reports hold it.</summary>
    public BundleAgreementPair ToManifest() => new()
    {
        Precision = First.Precision,
        ScoreMode = First.ModeName,
        ToPrecision = Second.Precision,
        ToScoreMode = Second.ModeName,
        Top10Overlap = Math.Round(Agreement.Overlap, 6),
        SameFirst = Math.Round(Agreement.SameFirst, 6),
        ScoreDifferenceMean = Math.Round(Agreement.MeanScoreDifference, 8),
        ScoreDifferenceMax = Math.Round(Agreement.LargestScoreDifference, 8),
        Hr10Difference = Math.Round(HitRate.Difference, 6),
        Hr10Interval = [Math.Round(HitRate.Low, 6), Math.Round(HitRate.High, 6)],
        Ndcg10Difference = Math.Round(Ndcg.Difference, 6),
        Ndcg10Interval = [Math.Round(Ndcg.Low, 6), Math.Round(Ndcg.High, 6)],
    };

    /// <summary>Writes pairs as a list of objects, spelled as in bundle.json.</summary>
    public static void Write(Utf8JsonWriter json, IReadOnlyList<ContenderPair> pairs)
    {
        json.WriteStartArray("pairs");
        foreach (BundleAgreementPair pair in pairs.Select(pair => pair.ToManifest()))
        {
            json.WriteStartObject();
            json.WriteString("precision", pair.Precision);
            json.WriteString("score_mode", pair.ScoreMode);
            json.WriteString("to_precision", pair.ToPrecision);
            json.WriteString("to_score_mode", pair.ToScoreMode);
            json.WriteNumber("top10_overlap", pair.Top10Overlap);
            json.WriteNumber("same_first", pair.SameFirst);
            json.WriteNumber("score_difference_mean", pair.ScoreDifferenceMean);
            json.WriteNumber("score_difference_max", pair.ScoreDifferenceMax);
            json.WriteNumber("hr10_difference", pair.Hr10Difference);
            Write(json, "hr10_interval", pair.Hr10Interval);
            json.WriteNumber("ndcg10_difference", pair.Ndcg10Difference);
            Write(json, "ndcg10_interval", pair.Ndcg10Interval);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void Write(Utf8JsonWriter json, string name, IReadOnlyList<double> interval)
    {
        json.WriteStartArray(name);
        json.WriteNumberValue(interval[0]);
        json.WriteNumberValue(interval[1]);
        json.WriteEndArray();
    }

    private static string Text(PairedBootstrap value) =>
        string.Create(CultureInfo.InvariantCulture, $"{value.Difference,7:F4} [{value.Low,7:F4}, {value.High,7:F4}]");

    private static PairedBootstrap Difference(ContenderRun first, ContenderRun second, Func<int, int, double> value, ulong seed) => PairedBootstrap.Compare(
        [.. first.Rows.Select(row => value(row.SidRank, RankedRow.Places))], [.. second.Rows.Select(row => value(row.SidRank, RankedRow.Places))], seed, resamples: 1000);
}
