using System.CommandLine;
using System.Security.Cryptography;
using SIDReasoner.Cli.Evaluation;
using SIDReasoner.Core;
using SIDReasoner.Core.Bundles;
using SIDReasoner.Core.Hosting;
using SIDReasoner.Core.Items;
using SIDReasoner.Decoding;
using SIDReasoner.Runtime;

namespace SIDReasoner.Cli.Commands;

/// <summary><c>sidr evaluate</c>: HR@K and NDCG@K of a bundle on interactions.</summary>
internal static class EvaluateCommand
{
    public static Command Create()
    {
        Option<string> bundle = CommonOptions.Bundle();
        var data = new Option<string>("--data") { Description = "Rows to answer: a csv with history_item_id and item_id (or .csv.gz, or JSON Lines).", Required = true, HelpName = "FILE" };
        Option<int> beams = CommonOptions.Beams(50);
        Option<string?> score = CommonOptions.Score();
        var rows = new Option<int>("--rows") { Description = "Only the first N rows; 0 = all.", HelpName = "N" };
        var seed = new Option<ulong>("--seed") { Description = "Seed of the bootstrap that gives the confidence intervals and, with --sample, of the thoughts.", DefaultValueFactory = _ => 1, HelpName = "N" };
        var report = new Option<string?>("--report") { Description = "Also write the report as JSON. What a resume needs lies beside it until it is complete; after a stop, the same command goes on.", HelpName = "FILE.json" };
        var json = new Option<bool>("--json") { Description = "Print the report as JSON instead of a table." };
        var samples = new Option<int>("--samples") { Description = "With --think --sample: thoughts a row, each with a ranking of its own; prints the best of them beside the mean.", DefaultValueFactory = _ => 1, HelpName = "N" };
        var overlap = new Option<int>("--overlap")
        {
            Description = "Rows, spread evenly, that are also answered in every score mode to print how much the modes' lists share; 0 = none.",
            DefaultValueFactory = _ => 100,
            HelpName = "N",
        };
        var thinking = new ThinkingArguments(seed);
        Option<string?> adapter = CommonOptions.Adapter();
        var precision = new PrecisionArguments();
        var memory = new MemoryArguments();
        var compare = new CompareArguments();
        Option<string> engine = Engines.Option();
        Option<string> kernel = CommonOptions.Kernel();
        Option<int> threads = CommonOptions.Threads();
        Option<int> parallel = CommonOptions.Parallel();
        var command = new Command("evaluate", "Answers every row of a file and prints HR@K and NDCG@K, by SID and by item, with 95 % intervals.")
        {
            bundle, data, beams, score, rows, seed,
        };
        foreach (Option option in (IEnumerable<Option>)[.. thinking.Options, samples, overlap, .. compare.Options, report, json, adapter, .. precision.Options, .. memory.Options, engine, kernel, threads, parallel])
        {
            command.Options.Add(option);
        }

        command.SetAction((parsed, cancellation) => HostErrors.RunAsync(
            async () =>
            {
                int width = parsed.GetValue(beams), limit = parsed.GetValue(rows);
                CommonOptions.ResolveBeams(1, width, beamsGiven: true, Console.Error);
                ScoreMode? mode = CommonOptions.ParseScore(parsed.GetValue(score));
                string dataPath = parsed.GetValue(data)!;
                int modeRows = parsed.GetValue(overlap);
                if (limit < 0 || modeRows < 0)
                {
                    throw new SidReasonerException($"{(limit < 0 ? "--rows" : "--overlap")} is {(limit < 0 ? limit : modeRows)}; expected 0 or more.");
                }

                thinking.Check(parsed, samplesText: false);
                compare.Check(parsed, chosen: [score, samples, overlap, .. precision.Choice], changing: [.. thinking.Options, adapter]);
                int thoughts = parsed.GetValue(samples);
                if (thoughts is < 1 or > 1024 || (thoughts > 1 && !thinking.Samples(parsed)))
                {
                    throw new SidReasonerException($"--samples is {thoughts}; expected 1 to 1,024, and more than 1 only with --think --sample: greedy thoughts are all alike.");
                }

                if (parsed.GetValue(report) is { } target)
                {
                    Batch.BatchFiles.CheckPaths(dataPath, target);
                }

                // One thread a request and a request a core ranks more rows a second than all cores on one request.
                int forward = parsed.GetResult(threads) is { Implicit: false } ? parsed.GetValue(threads) : 1;
                string bundlePath = parsed.GetValue(bundle)!;
                Recommender Open(string? form)
                {
                    RecommenderOptions options = memory.Apply(parsed, precision.Apply(parsed, CommonOptions.Recommender(bundlePath, forward, parsed.GetValue(parallel), CommonOptions.ParseKernel(parsed.GetValue(kernel)!))));
                    options.Precision = form ?? options.Precision;
                    return Engines.Open(parsed.GetValue(engine)!, options);
                }

                using Recommender recommender = Open(compare.IsAsked(parsed) ? Comparison.BasePrecision(BundleManifest.Load(bundlePath)) : null);
                IReadOnlyList<Interaction> interactions = InteractionReader.Load(dataPath, recommender.Catalog);
                if (limit > 0 && limit < interactions.Count)
                {
                    interactions = [.. interactions.Take(limit)];
                }

                var settings = new EvaluationSettings(width, mode ?? recommender.DefaultScoreMode, thinking.Thinking(parsed, recommender.GenerationConfig), parsed.GetValue(adapter), thoughts, parsed.GetValue(seed));
                string? reportPath = parsed.GetValue(report);
                if (compare.IsAsked(parsed))
                {
                    Comparison comparison = await Comparison.RunAsync(recommender, Open, interactions, settings, Console.Error, cancellation).ConfigureAwait(false);
                    Write(comparison.ToJson(dataPath), comparison.Print, reportPath, parsed.GetValue(json));
                    compare.Record(parsed, comparison, bundlePath, Hash(dataPath), Console.Error);
                    return 0;
                }

                using RowLog log = reportPath is null ? RowLog.InMemory() : RowLog.Beside(reportPath, Fingerprint(recommender, settings, dataPath, limit));
                EvaluationReport result = await Evaluator.RunAsync(recommender, interactions, settings, log, Console.Error, cancellation).ConfigureAwait(false);
                result = result with { Overlap = await OverlapAsync(recommender, interactions, modeRows, settings, cancellation).ConfigureAwait(false) };
                Write(result.ToJson(dataPath), result.Print, reportPath, parsed.GetValue(json));
                log.Complete();
                return 0;
            },
            Console.Error));
        return command;
    }

    private static async Task<IReadOnlyList<ContenderPair>> OverlapAsync(
        Recommender recommender, IReadOnlyList<Interaction> rows, int wanted, EvaluationSettings settings, CancellationToken cancellation)
    {
        var runs = new List<ContenderRun>();
        int[] chosen = ContenderRun.Spread(rows.Count, wanted);
        foreach (ScoreMode mode in chosen.Length > 0 ? ContenderRun.Modes(recommender.Bundle.Manifest) : [])
        {
            runs.Add(await ContenderRun.RunAsync(recommender, rows, chosen, settings with { Mode = mode }, Console.Error, cancellation).ConfigureAwait(false));
        }

        return ContenderPair.All(runs, settings.Seed);
    }

    /// <summary>The file first, so that what is printed is also there.</summary>
    private static void Write(string text, Action<TextWriter> table, string? report, bool asJson)
    {
        if (report is not null)
        {
            Core.Checkpoints.AtomicFile.WriteText(report, text + "\n");
        }

        if (asJson)
        {
            Console.Out.WriteLine(text);
        }
        else
        {
            table(Console.Out);
        }
    }

    private static string Hash(string path)
    {
        using FileStream stream = File.OpenRead(path);
        return Convert.ToHexStringLower(SHA256.HashData(stream));
    }

    private static string Fingerprint(Recommender recommender, EvaluationSettings settings, string data, int limit) =>
        $"engine {recommender.Engine}, {recommender.Precision}, bundle {recommender.Bundle.Manifest.ModelDigest}/{recommender.Bundle.Manifest.CatalogHash}, {settings.Describe()}, data {Hash(data)}, rows {limit}";
}
