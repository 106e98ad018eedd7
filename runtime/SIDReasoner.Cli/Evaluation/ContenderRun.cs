using System.Globalization;
using SIDReasoner.Core.Bundles;
using SIDReasoner.Core.Evaluation;
using SIDReasoner.Core.Items;
using SIDReasoner.Decoding;
using SIDReasoner.Runtime;

namespace SIDReasoner.Cli.Evaluation;

/// <summary>A contender's answers to some rows.</summary>
/// <param name="Contender">What answered.</param>
/// <param name="Rows">An answer a row.</param>
internal sealed record ContenderRun(Contender Contender, IReadOnlyList<RankedRow> Rows)
{
    /// <summary>The score modes that a bundle can answer in, Exact first.</summary>
    public static ScoreMode[] Modes(BundleManifest manifest) =>
        manifest.ReferenceEnd is null ? [ScoreMode.Exact, ScoreMode.Catalog] : [ScoreMode.Exact, ScoreMode.Catalog, ScoreMode.Reference];

    /// <summary>Answers rows, each with its first thought where the settings ask for thoughts.</summary>
    /// <param name="recommender">What answers.</param>
    /// <param name="rows">All rows.</param>
    /// <param name="chosen">Which of them, from 0, in order.</param>
    /// <param name="settings">How.</param>
    /// <param name="progress">Receives a line when all are answered.</param>
    /// <param name="cancellation">Ends the run.</param>
    public static async Task<ContenderRun> RunAsync(
        Recommender recommender, IReadOnlyList<Interaction> rows, IReadOnlyList<int> chosen, EvaluationSettings settings, TextWriter progress, CancellationToken cancellation)
    {
        var ranked = new List<RankedRow>(chosen.Count);
        ItemCatalog catalog = recommender.Catalog;
        IEnumerable<RecommendRequest> requests = chosen.Select(row => settings.Request(catalog, rows, row, sample: 0));
        await foreach (Recommendation answer in recommender.RecommendManyAsync(requests, cancellation).ConfigureAwait(false))
        {
            int target = rows[chosen[ranked.Count]].Target;
            ranked.Add(new RankedRow(
                [.. answer.Items.Take(RankedRow.Places).Select(item => new ScoredSid(item.Sid, item.Score))],
                TargetRank.OfSid(answer.Items.Select(item => item.Sid), catalog.Items[target].Sid)));
        }

        var contender = new Contender(recommender.Precision, settings.Mode);
        await progress.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{ranked.Count} rows compared: {contender}")).ConfigureAwait(false);
        return new ContenderRun(contender, ranked);
    }

    /// <summary>Rows spread evenly over all.</summary>
    /// <param name="rows">How many there are.</param>
    /// <param name="wanted">How many to choose, at most all.</param>
    public static int[] Spread(int rows, int wanted)
    {
        int count = Math.Min(rows, wanted);
        return [.. Enumerable.Range(0, count).Select(i => (int)((long)i * rows / count))];
    }
}
