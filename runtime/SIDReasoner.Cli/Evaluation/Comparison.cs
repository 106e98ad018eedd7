using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using SIDReasoner.Cli.Batch;
using SIDReasoner.Core;
using SIDReasoner.Core.Bundles;
using SIDReasoner.Core.Evaluation;
using SIDReasoner.Core.Items;
using SIDReasoner.Decoding;
using SIDReasoner.Runtime;

namespace SIDReasoner.Cli.Evaluation;

/// <summary>Every score mode in the base precision, and every other precision in score mode Exact, over the same rows.</summary>
/// <param name="Engine">What computed.</param>
/// <param name="Settings">Beams, thoughts, seed.</param>
/// <param name="Runs">What each contender answered, the base first.</param>
/// <param name="Pairs">Modes against one another, then each precision against the base.</param>
/// <param name="NotCompared">Precisions that could not be opened here, each with the reason.</param>
internal sealed record Comparison(
    string Engine, EvaluationSettings Settings, IReadOnlyList<ContenderRun> Runs, IReadOnlyList<ContenderPair> Pairs, IReadOnlyList<(string Precision, string Reason)> NotCompared)
{
    /// <summary>The precision that others are held beside: fp32, or the bundle's first where it has none.</summary>
    public static string BasePrecision(BundleManifest manifest) => (manifest.Precisions.FirstOrDefault(form => form.Name == "fp32") ?? manifest.Precisions[0]).Name;

    /// <summary>Answers all rows once a contender.</summary>
    /// <param name="basis">The base precision, opened.</param>
    /// <param name="open">Opens another.</param>
    /// <param name="rows">The rows.</param>
    /// <param name="settings">How; the score mode is of no account.</param>
    /// <param name="progress">Receives a line a contender.</param>
    /// <param name="cancellation">Ends the run.</param>
    public static async Task<Comparison> RunAsync(
        Recommender basis, Func<string, Recommender> open, IReadOnlyList<Interaction> rows, EvaluationSettings settings, TextWriter progress, CancellationToken cancellation)
    {
        int[] all = ContenderRun.Spread(rows.Count, rows.Count);
        BundleManifest manifest = basis.Bundle.Manifest;
        var modes = new List<ContenderRun>();
        foreach (ScoreMode mode in ContenderRun.Modes(manifest))
        {
            modes.Add(await ContenderRun.RunAsync(basis, rows, all, settings with { Mode = mode }, progress, cancellation).ConfigureAwait(false));
        }

        var precisions = new List<ContenderRun>();
        var notCompared = new List<(string, string)>();
        foreach (string precision in manifest.Precisions.Select(form => form.Name).Where(name => name != basis.Precision))
        {
            Recommender other;
            try
            {
                other = open(precision);
            }
            catch (SidReasonerException error)
            {
                notCompared.Add((precision, error.Message));
                continue;
            }

            using (other)
            {
                precisions.Add(await ContenderRun.RunAsync(other, rows, all, settings with { Mode = ScoreMode.Exact }, progress, cancellation).ConfigureAwait(false));
            }
        }

        ContenderPair[] pairs = [.. ContenderPair.All(modes, settings.Seed), .. precisions.Select(run => ContenderPair.Of(run, modes[0], settings.Seed))];
        return new Comparison(basis.Engine, settings, [.. modes, .. precisions], pairs, notCompared);
    }

    /// <summary>What the bundle records.</summary>
    /// <param name="dataSha256">Hash of the file of rows.</param>
    public BundleAgreement ToManifest(string dataSha256) => new()
    {
        Engine = Engine,
        Rows = Runs[0].Rows.Count,
        Beams = Settings.Beams,
        DataSha256 = dataSha256,
        Pairs = [.. Pairs.Select(pair => pair.ToManifest())],
    };

    /// <summary>Writes tables.</summary>
    public void Print(TextWriter writer)
    {
        writer.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{Runs[0].Rows.Count} rows, {Settings.Beams} beams, on {Engine}"));
        writer.WriteLine();
        int width = Runs.Max(run => run.Contender.ToString().Length);
        writer.WriteLine($"{"".PadRight(width)}  HR@10   NDCG@10  by SID");
        foreach (ContenderRun run in Runs)
        {
            writer.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{run.Contender.ToString().PadRight(width)}  {Metric(run, RankingMetrics.Hit):F4}  {Metric(run, RankingMetrics.Gain):F4}"));
        }

        writer.WriteLine();
        ContenderPair.Print(writer, Pairs);
        foreach ((string precision, string reason) in NotCompared)
        {
            writer.WriteLine($"not compared: {precision}: {reason}");
        }
    }

    /// <summary>All of it as JSON.</summary>
    public string ToJson(string data)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, AnswerJson.Plain with { Indented = true, NewLine = "\n" }))
        {
            json.WriteStartObject();
            json.WriteString("data", data);
            json.WriteString("engine", Engine);
            json.WriteNumber("rows", Runs[0].Rows.Count);
            json.WriteNumber("beams", Settings.Beams);
            json.WriteStartArray("runs");
            foreach (ContenderRun run in Runs)
            {
                json.WriteStartObject();
                json.WriteString("precision", run.Contender.Precision);
                json.WriteString("score_mode", run.Contender.ModeName);
                json.WriteNumber("hr@10", Math.Round(Metric(run, RankingMetrics.Hit), 6));
                json.WriteNumber("ndcg@10", Math.Round(Metric(run, RankingMetrics.Gain), 6));
                json.WriteEndObject();
            }

            json.WriteEndArray();
            ContenderPair.Write(json, Pairs);
            json.WriteStartArray("not_compared");
            foreach ((string precision, string reason) in NotCompared)
            {
                json.WriteStartObject();
                json.WriteString("precision", precision);
                json.WriteString("reason", reason);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    private static double Metric(ContenderRun run, Func<int, int, double> value) => run.Rows.Average(row => value(row.SidRank, RankedRow.Places));
}
