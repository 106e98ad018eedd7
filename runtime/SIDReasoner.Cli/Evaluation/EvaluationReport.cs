using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using SIDReasoner.Cli.Batch;
using SIDReasoner.Core.Evaluation;
using SIDReasoner.Core.Hosting;
using SIDReasoner.Runtime;
using SIDReasoner.Runtime.Bundles;

namespace SIDReasoner.Cli.Evaluation;

/// <summary>What an evaluation found, as a table and as JSON.</summary>
/// <param name="Bundle">The bundle that answered.</param>
/// <param name="Rows">Every row's result.</param>
/// <param name="Settings">How they were answered.</param>
/// <param name="Precision">What ran.</param>
/// <param name="RowsNow">Rows that this run answered; an earlier one answered the others.</param>
/// <param name="Seconds">Wall-clock seconds for those rows.</param>
internal sealed record EvaluationReport(
    Bundle Bundle, IReadOnlyList<RowResult> Rows, EvaluationSettings Settings, string Precision, int RowsNow, double Seconds)
{
    private static readonly int[] s_cutoffs = [1, 3, 5, 10, 20, 50];

    /// <summary>The score modes beside one another, over some or all of the rows; empty where they were not compared.</summary>
    public IReadOnlyList<ContenderPair> Overlap { get; init; } = [];

    private IEnumerable<int> Cutoffs => s_cutoffs.Where(k => k <= Settings.Beams);

    private int Answers => Rows.Sum(row => row.Answers);

    private int OutsideCatalog => Rows.Sum(row => row.OutsideCatalog);

    private int ShortenedHistories => Rows.Count(row => row.DroppedItems > 0);

    private int DroppedItems => Rows.Sum(row => row.DroppedItems);

    private double ClosedShare => Rows.Sum(row => row.ClosedThoughts) / (double)(Rows.Count * Settings.Samples);

    private double ThoughtTokens => Rows.Sum(row => row.ThoughtTokens) / (double)(Rows.Count * Settings.Samples);

    private long PromptTokens => Rows.Sum(row => (long)row.PromptTokens);

    private long PrefixTokens => Rows.Sum(row => (long)row.PrefixTokens);

    public void Print(TextWriter writer)
    {
        CultureInfo invariant = CultureInfo.InvariantCulture;
        string speed = RowsNow > 0 ? string.Create(invariant, $"; {RowsNow / Seconds:F1} rows/s") : "";
        writer.WriteLine(string.Create(
            invariant,
            $"{Rows.Count} rows, {Settings.Beams} beams, {Settings.Mode.ToString().ToLowerInvariant()} scores, {Precision}; {OutsideCatalog} of {Answers} answers outside the catalogue{speed}"));
        if (ShortenedHistories > 0)
        {
            writer.WriteLine(string.Create(
                invariant, $"{ShortenedHistories} histories were longer than the context of {Bundle.Manifest.Context} tokens: their oldest items, {DroppedItems} in all, were left out"));
        }

        if (Settings.Thinking is { } thinking)
        {
            writer.WriteLine(string.Create(
                invariant,
                $"thinking: {Settings.Samples} a row, {ThinkingText.Describe(thinking.Sampling)}, budget {thinking.Budget}; {ThoughtTokens:F1} tokens on average, {ClosedShare:P1} closed by the model"));
        }

        writer.WriteLine();
        PrintTable(writer, Settings.Samples > 1 ? "mean" : "", MeanOf);
        if (Settings.Samples > 1)
        {
            writer.WriteLine();
            PrintTable(writer, $"best of {Settings.Samples}", BestOf);
        }

        if (Overlap.Count > 0)
        {
            writer.WriteLine();
            writer.WriteLine($"score modes on {Overlap[0].Agreement.Rows} of these rows:");
            foreach (ContenderPair pair in Overlap)
            {
                writer.WriteLine(string.Create(
                    invariant, $"  {pair.First.ModeName} and {pair.Second.ModeName} share {pair.Agreement.Overlap:P1} of the top 10, and the first SID on {pair.Agreement.SameFirst:P1} of the rows"));
            }
        }

        writer.WriteLine();
        writer.WriteLine(string.Create(
            invariant,
            $"ms a row, median: prompt {Median(s => s.Prompt):F2}, prefill {Median(s => s.Prefill):F2}, thinking {Median(s => s.Thinking):F2}, search {Median(s => s.Search):F2}, all {Median(s => s.Total):F2}; 99th percentile of all {Percentile(s => s.Total, .99):F2}"));
        writer.WriteLine(ProcessMemory.Read());
        if (PrefixTokens > 0)
        {
            writer.WriteLine(string.Create(invariant, $"{PrefixTokens} of {PromptTokens} prompt tokens known from earlier prompts"));
        }
    }

    public string ToJson(string data)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, AnswerJson.Plain with { Indented = true, NewLine = "\n" }))
        {
            json.WriteStartObject();
            json.WriteString("data", data);
            json.WriteString("model_digest", Bundle.Manifest.ModelDigest);
            json.WriteNumber("rows", Rows.Count);
            json.WriteNumber("beams", Settings.Beams);
            json.WriteString("score_mode", Settings.Mode.ToString().ToLowerInvariant());
            json.WriteString("precision", Precision);
            json.WriteNumber("answers", Answers);
            json.WriteNumber("outside_catalog", OutsideCatalog);
            json.WriteNumber("illegal_rate", Answers == 0 ? 0 : (double)OutsideCatalog / Answers);
            json.WriteNumber("shortened_histories", ShortenedHistories);
            json.WriteNumber("dropped_items", DroppedItems);
            json.WriteNumber("seconds", Math.Round(Seconds, 3));
            json.WriteNumber("prompt_tokens", PromptTokens);
            json.WriteNumber("prefix_tokens", PrefixTokens);
            WriteThinking(json);
            WriteLevels(json, MeanOf);
            if (Settings.Samples > 1)
            {
                json.WriteStartObject("best_of_n");
                json.WriteNumber("n", Settings.Samples);
                WriteLevels(json, BestOf);
                json.WriteEndObject();
            }

            AnswerJson.WriteMemory(json);
            WriteOverlap(json);
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

    /// <summary>A row's value as the mean over its samples.</summary>
    private static double MeanOf(int[] ranks, int k, Func<int, int, double> value) => ranks.Average(rank => value(rank, k));

    /// <summary>A row's value in the best of its samples.</summary>
    private static double BestOf(int[] ranks, int k, Func<int, int, double> value) => value(RowResult.Best(ranks), k);

    private void PrintTable(TextWriter writer, string title, Func<int[], int, Func<int, int, double>, double> ofRow)
    {
        writer.WriteLine($"  K    HR@K by SID             NDCG@K by SID           HR@K by item  NDCG@K by item{(title.Length > 0 ? $"   ({title})" : "")}");
        foreach (int k in Cutoffs)
        {
            (double hr, double hrLow, double hrHigh) = Interval(row => ofRow(row.SidRanks, k, RankingMetrics.Hit));
            (double ndcg, double ndcgLow, double ndcgHigh) = Interval(row => ofRow(row.SidRanks, k, RankingMetrics.Gain));
            double itemHr = Rows.Average(row => ofRow(row.ItemRanks, k, RankingMetrics.Hit));
            double itemNdcg = Rows.Average(row => ofRow(row.ItemRanks, k, RankingMetrics.Gain));
            writer.WriteLine(string.Create(
                CultureInfo.InvariantCulture, $"{k,3}    {hr:F4} [{hrLow:F4}, {hrHigh:F4}]  {ndcg:F4} [{ndcgLow:F4}, {ndcgHigh:F4}]  {itemHr:F4}        {itemNdcg:F4}"));
        }
    }

    private void WriteOverlap(Utf8JsonWriter json)
    {
        if (Overlap.Count == 0)
        {
            return;
        }

        json.WriteStartObject("score_modes");
        json.WriteNumber("rows", Overlap[0].Agreement.Rows);
        ContenderPair.Write(json, Overlap);
        json.WriteEndObject();
    }

    private void WriteThinking(Utf8JsonWriter json)
    {
        if (Settings.Thinking is not { } thinking)
        {
            return;
        }

        json.WriteStartObject("thinking");
        json.WriteNumber("budget", thinking.Budget);
        json.WriteNumber("samples", Settings.Samples);
        json.WriteString("sampling", ThinkingText.Describe(thinking.Sampling));
        json.WriteNumber("closed_share", Math.Round(ClosedShare, 6));
        json.WriteNumber("tokens_mean", Math.Round(ThoughtTokens, 3));
        json.WriteEndObject();
    }

    private void WriteLevels(Utf8JsonWriter json, Func<int[], int, Func<int, int, double>, double> ofRow)
    {
        foreach ((string name, Func<RowResult, int[]> ranks) in new (string, Func<RowResult, int[]>)[] { ("sid", row => row.SidRanks), ("item", row => row.ItemRanks) })
        {
            json.WriteStartObject(name);
            foreach (int k in Cutoffs)
            {
                Write($"hr@{k}", Interval(row => ofRow(ranks(row), k, RankingMetrics.Hit)));
                Write($"ndcg@{k}", Interval(row => ofRow(ranks(row), k, RankingMetrics.Gain)));
            }

            json.WriteEndObject();
        }

        void Write(string metric, (double Value, double Low, double High) interval)
        {
            json.WriteNumber(metric, Math.Round(interval.Value, 6));
            json.WriteStartArray(metric + "_interval");
            json.WriteNumberValue(Math.Round(interval.Low, 6));
            json.WriteNumberValue(Math.Round(interval.High, 6));
            json.WriteEndArray();
        }
    }

    private (double Value, double Low, double High) Interval(Func<RowResult, double> value)
    {
        double[] values = [.. Rows.Select(value)];
        PairedBootstrap bootstrap = PairedBootstrap.Compare(values, new double[values.Length], Settings.Seed, resamples: 1000);
        return (bootstrap.Difference, bootstrap.Low, bootstrap.High);
    }

    private double Median(Func<StageTimes, double> stage) => Percentile(stage, .5);

    private double Percentile(Func<StageTimes, double> stage, double share)
    {
        double[] sorted = [.. Rows.Select(row => stage(row.Stages)).Order()];
        return sorted[(int)Math.Min(sorted.Length - 1, Math.Floor(share * sorted.Length))];
    }
}
