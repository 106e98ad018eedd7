using System.Diagnostics;
using System.Globalization;
using SIDReasoner.Core;
using SIDReasoner.Core.Evaluation;
using SIDReasoner.Core.Items;
using SIDReasoner.Core.SemanticIds;
using SIDReasoner.Decoding;
using SIDReasoner.Runtime;

namespace SIDReasoner.Cli.Evaluation;

/// <summary>Answers rows whose next item is known and finds the rank of that item.</summary>
internal static class Evaluator
{
    public static async Task<EvaluationReport> RunAsync(
        Recommender recommender, IReadOnlyList<Interaction> rows, int beams, ScoreMode? mode, ulong seed, TextWriter progress, CancellationToken cancellation)
    {
        if (rows.Count == 0)
        {
            throw new SidReasonerException("The data file has no row to evaluate.");
        }

        ItemCatalog catalog = recommender.Catalog;
        IEnumerable<RecommendRequest> requests = rows.Select(row => new RecommendRequest
        {
            History = [.. row.History.Select(item => catalog.Items[item].Id)],
            K = beams,
            BeamWidth = beams,
            ScoreMode = mode,
        });
        int[] sidRanks = new int[rows.Count], itemRanks = new int[rows.Count];
        int outsideCatalog = 0, next = 0;
        var stages = new List<StageTimes>(rows.Count);
        ScoreMode used = mode ?? ScoreMode.Exact;
        string precision = "";
        long began = Stopwatch.GetTimestamp();
        TimeSpan lastNote = TimeSpan.Zero;
        await foreach (Recommendation answer in recommender.RecommendManyAsync(requests, cancellation).ConfigureAwait(false))
        {
            SemanticId[] sids = [.. answer.Items.Select(item => item.Sid)];
            int target = rows[next].Target;
            sidRanks[next] = TargetRank.OfSid(sids, catalog.Items[target].Sid);
            itemRanks[next] = TargetRank.OfItem(sids, target, catalog);
            outsideCatalog += sids.Count(sid => catalog.ItemsOf(sid).Count == 0);
            stages.Add(answer.Stages);
            (used, precision) = (answer.ScoreMode, answer.Precision);
            next++;
            TimeSpan elapsed = Stopwatch.GetElapsedTime(began);
            if (elapsed - lastNote > TimeSpan.FromSeconds(2))
            {
                lastNote = elapsed;
                double rate = next / elapsed.TotalSeconds;
                await progress.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{next}/{rows.Count} rows, {rate:F0}/s, {(rows.Count - next) / rate:F0} s left")).ConfigureAwait(false);
            }
        }

        if (next != rows.Count)
        {
            throw new UnreachableException($"{next} answers for {rows.Count} rows.");
        }

        return new EvaluationReport(recommender.Bundle, sidRanks, itemRanks, outsideCatalog, beams, used, precision, stages, Stopwatch.GetElapsedTime(began).TotalSeconds, seed);
    }
}
