using System.Diagnostics;
using System.Globalization;
using SIDReasoner.Core;
using SIDReasoner.Core.Evaluation;
using SIDReasoner.Core.Items;
using SIDReasoner.Core.SemanticIds;
using SIDReasoner.Runtime;

namespace SIDReasoner.Cli.Evaluation;

/// <summary>Answers rows whose next item is known and finds the rank of that item.</summary>
internal static class Evaluator
{
    /// <summary>Answers the rows that are not answered yet.</summary>
    /// <param name="recommender">What answers.</param>
    /// <param name="rows">All rows.</param>
    /// <param name="settings">How.</param>
    /// <param name="log">Holds the rows of an earlier run and keeps those of this one.</param>
    /// <param name="progress">Receives a line every other second.</param>
    /// <param name="cancellation">Ends the run; the log keeps what is done.</param>
    /// <returns>The report over all rows.</returns>
    public static async Task<EvaluationReport> RunAsync(
        Recommender recommender, IReadOnlyList<Interaction> rows, EvaluationSettings settings, RowLog log, TextWriter progress, CancellationToken cancellation)
    {
        if (rows.Count == 0)
        {
            throw new SidReasonerException("The data file has no row to evaluate.");
        }

        int done = log.Rows.Count;
        if (done > 0)
        {
            await progress.WriteLineAsync($"going on after {done} of {rows.Count} rows").ConfigureAwait(false);
        }

        var samples = new List<Recommendation>(settings.Samples);
        long began = Stopwatch.GetTimestamp();
        TimeSpan lastNote = TimeSpan.Zero;
        await foreach (Recommendation answer in recommender.RecommendManyAsync(Requests(recommender.Catalog, rows, done, settings), cancellation).ConfigureAwait(false))
        {
            samples.Add(answer);
            if (samples.Count < settings.Samples)
            {
                continue;
            }

            log.Add(Result(samples, rows[log.Rows.Count].Target, recommender.Catalog));
            samples.Clear();
            TimeSpan elapsed = Stopwatch.GetElapsedTime(began);
            if (elapsed - lastNote > TimeSpan.FromSeconds(2))
            {
                lastNote = elapsed;
                log.Flush();
                int next = log.Rows.Count;
                double rate = (next - done) / elapsed.TotalSeconds;
                await progress.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{next}/{rows.Count} rows, {rate:F1}/s, {(rows.Count - next) / rate:F0} s left")).ConfigureAwait(false);
            }
        }

        if (log.Rows.Count != rows.Count)
        {
            throw new UnreachableException($"{log.Rows.Count} answers for {rows.Count} rows.");
        }

        return new EvaluationReport(recommender.Bundle, log.Rows, settings, recommender.Precision, rows.Count - done, Stopwatch.GetElapsedTime(began).TotalSeconds);
    }

    private static IEnumerable<RecommendRequest> Requests(ItemCatalog catalog, IReadOnlyList<Interaction> rows, int done, EvaluationSettings settings)
    {
        for (int row = done; row < rows.Count; row++)
        {
            for (int sample = 0; sample < settings.Samples; sample++)
            {
                yield return settings.Request(catalog, rows, row, sample);
            }
        }
    }

    private static RowResult Result(List<Recommendation> samples, int target, ItemCatalog catalog)
    {
        SemanticId[][] sids = [.. samples.Select(answer => answer.Items.Select(item => item.Sid).ToArray())];
        return new RowResult(
            [.. sids.Select(ranked => TargetRank.OfSid(ranked, catalog.Items[target].Sid))],
            [.. sids.Select(ranked => TargetRank.OfItem(ranked, target, catalog))],
            sids.Sum(ranked => ranked.Length),
            sids.Sum(ranked => ranked.Count(sid => catalog.ItemsOf(sid).Count == 0)),
            samples.Count(answer => answer.Thinking is { IsClosed: true }),
            samples.Sum(answer => answer.Thinking?.TokenIds.Count ?? 0),
            new StageTimes(
                samples.Average(answer => answer.Stages.Prompt),
                samples.Average(answer => answer.Stages.Prefill),
                samples.Average(answer => answer.Stages.Thinking),
                samples.Average(answer => answer.Stages.Search),
                samples.Average(answer => answer.Stages.Lookup)))
        {
            PromptTokens = samples.Sum(answer => answer.PromptTokens),
            PrefixTokens = samples.Sum(answer => answer.PrefixTokens),
            DroppedItems = samples[0].DroppedItems,
        };
    }
}
