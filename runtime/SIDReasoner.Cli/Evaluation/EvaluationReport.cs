using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using SIDReasoner.Core.Evaluation;
using SIDReasoner.Decoding;
using SIDReasoner.Runtime;
using SIDReasoner.Runtime.Bundles;

namespace SIDReasoner.Cli.Evaluation;

/// <summary>What an evaluation found, as a table and as JSON.</summary>
/// <param name="Bundle">The bundle that answered.</param>
/// <param name="SidRanks">For each row the rank of the target's SID from 0, or -1.</param>
/// <param name="ItemRanks">For each row the rank of the target item from 0, or -1.</param>
/// <param name="OutsideCatalog">Answers that are no item of the catalogue.</param>
/// <param name="Beams">Beams kept (W).</param>
/// <param name="Mode">How scores were computed.</param>
/// <param name="Precision">What ran.</param>
/// <param name="Stages">Milliseconds a stage, a row.</param>
/// <param name="Seconds">Wall-clock seconds for all rows.</param>
/// <param name="Seed">Seed of the intervals' bootstrap.</param>
internal sealed record EvaluationReport(
    Bundle Bundle, int[] SidRanks, int[] ItemRanks, int OutsideCatalog, int Beams, ScoreMode Mode, string Precision, IReadOnlyList<StageTimes> Stages, double Seconds, ulong Seed)
{
    private static readonly int[] s_cutoffs = [1, 3, 5, 10, 20, 50];

    private IEnumerable<int> Cutoffs => s_cutoffs.Where(k => k <= Beams);

    public void Print(TextWriter writer)
    {
        CultureInfo invariant = CultureInfo.InvariantCulture;
        writer.WriteLine(string.Create(invariant, $"{SidRanks.Length} rows, {Beams} beams, {Mode.ToString().ToLowerInvariant()} scores, {Precision}; {OutsideCatalog} answers outside the catalogue; {SidRanks.Length / Seconds:F0} rows/s"));
        writer.WriteLine();
        writer.WriteLine("  K    HR@K by SID             NDCG@K by SID           HR@K by item  NDCG@K by item");
        foreach (int k in Cutoffs)
        {
            (double hr, double hrLow, double hrHigh) = Interval(SidRanks, k, RankingMetrics.Hit);
            (double ndcg, double ndcgLow, double ndcgHigh) = Interval(SidRanks, k, RankingMetrics.Gain);
            writer.WriteLine(string.Create(
                invariant,
                $"{k,3}    {hr:F4} [{hrLow:F4}, {hrHigh:F4}]  {ndcg:F4} [{ndcgLow:F4}, {ndcgHigh:F4}]  {RankingMetrics.HitRate(ItemRanks, k):F4}        {RankingMetrics.Ndcg(ItemRanks, k):F4}"));
        }

        writer.WriteLine();
        writer.WriteLine(string.Create(invariant, $"ms a row, median: prompt {Median(s => s.Prompt):F2}, prefill {Median(s => s.Prefill):F2}, search {Median(s => s.Search):F2}, all {Median(s => s.Total):F2}; 99th percentile of all {Percentile(s => s.Total, .99):F2}"));
    }

    public string ToJson(string data)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Indented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            json.WriteString("data", data);
            json.WriteString("model_digest", Bundle.Manifest.ModelDigest);
            json.WriteNumber("rows", SidRanks.Length);
            json.WriteNumber("beams", Beams);
            json.WriteString("score_mode", Mode.ToString().ToLowerInvariant());
            json.WriteString("precision", Precision);
            json.WriteNumber("outside_catalog", OutsideCatalog);
            json.WriteNumber("seconds", Math.Round(Seconds, 3));
            WriteLevel(json, "sid", SidRanks);
            WriteLevel(json, "item", ItemRanks);
            json.WriteStartObject("stages_ms_median");
            json.WriteNumber("prompt", Math.Round(Median(s => s.Prompt), 4));
            json.WriteNumber("prefill", Math.Round(Median(s => s.Prefill), 4));
            json.WriteNumber("thinking", Math.Round(Median(s => s.Thinking), 4));
            json.WriteNumber("search", Math.Round(Median(s => s.Search), 4));
            json.WriteNumber("lookup", Math.Round(Median(s => s.Lookup), 4));
            json.WriteEndObject();
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    private void WriteLevel(Utf8JsonWriter json, string name, int[] ranks)
    {
        json.WriteStartObject(name);
        foreach (int k in Cutoffs)
        {
            Write($"hr@{k}", Interval(ranks, k, RankingMetrics.Hit));
            Write($"ndcg@{k}", Interval(ranks, k, RankingMetrics.Gain));
        }

        json.WriteEndObject();

        void Write(string metric, (double Value, double Low, double High) interval)
        {
            json.WriteNumber(metric, Math.Round(interval.Value, 6));
            json.WriteStartArray(metric + "_interval");
            json.WriteNumberValue(Math.Round(interval.Low, 6));
            json.WriteNumberValue(Math.Round(interval.High, 6));
            json.WriteEndArray();
        }
    }

    private (double Value, double Low, double High) Interval(int[] ranks, int k, Func<int, int, double> gain)
    {
        double[] values = [.. ranks.Select(rank => gain(rank, k))];
        PairedBootstrap bootstrap = PairedBootstrap.Compare(values, new double[values.Length], Seed, resamples: 1000);
        return (bootstrap.Difference, bootstrap.Low, bootstrap.High);
    }

    private double Median(Func<StageTimes, double> stage) => Percentile(stage, .5);

    private double Percentile(Func<StageTimes, double> stage, double share)
    {
        double[] sorted = [.. Stages.Select(stage).Order()];
        return sorted[(int)Math.Min(sorted.Length - 1, Math.Floor(share * sorted.Length))];
    }
}
