using System.Globalization;
using SIDReasoner.Train.Reports;

namespace SIDReasoner.Train.Hosting;

/// <summary>Prints the comparison that ends <c>sidr-train fit</c>: plain text, the same on a terminal and in a file.</summary>
internal static class FitTable
{
    private static readonly CultureInfo s_culture = CultureInfo.InvariantCulture;

    /// <summary>Prints model and baselines on the same rows, and how sure the difference is.</summary>
    public static void Print(FitReport report, TextWriter output)
    {
        string seeds = report.Seeds.Count == 1 ? $"seed {report.Seeds[0].Seed}" : $"mean of {report.Seeds.Count} seeds";
        output.WriteLine();
        output.WriteLine(string.Create(s_culture, $"{report.Data}: {report.Rows:N0} {report.ScoredOn} rows, fitted on {report.FittedOn}; {report.BeamWidth} beams, targets counted by SID"));
        Row(output, "", [.. RankingScore.CutOffs.Select(k => $"HR@{k}"), .. RankingScore.CutOffs.Skip(1).Select(k => $"NDCG@{k}")]);
        Row(output, $"SID decoder ({seeds})", Figures(report.Model));
        foreach ((string name, RankingScore score) in report.Baselines)
        {
            Row(output, name, Figures(score));
        }

        Difference(output, "HR@10", report.HitRate10, report);
        Difference(output, "NDCG@10", report.Ndcg10, report);
        double train = report.Seeds.Average(seed => seed.TrainSeconds), rank = report.Seeds.Average(seed => seed.EvaluationSeconds);
        output.WriteLine(string.Create(s_culture, $"Training {train:F0} s, ranking every row {rank:F0} s{(report.Seeds.Count > 1 ? " (means)" : "")}."));
    }

    private static void Row(TextWriter output, string name, string[] cells) =>
        output.WriteLine(string.Concat($"  {name,-30}", string.Concat(cells.Select(cell => cell.PadLeft(9)))));

    private static string[] Figures(RankingScore score) =>
        [.. RankingScore.CutOffs.Select(k => score.HitRate[k].ToString("F4", s_culture)), .. RankingScore.CutOffs.Skip(1).Select(k => score.Ndcg[k].ToString("F4", s_culture))];

    private static void Difference(TextWriter output, string metric, BootstrapReport result, FitReport report) => output.WriteLine(string.Create(
        s_culture,
        $"{metric} against {report.BestBaseline}: {result.Difference:+0.0000;-0.0000} (95 % of resamples {result.Low:+0.0000;-0.0000} to {result.High:+0.0000;-0.0000}, p = {result.ProbabilityNotBetter:F4})"));
}
