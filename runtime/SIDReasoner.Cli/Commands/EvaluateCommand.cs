using System.CommandLine;
using System.Security.Cryptography;
using SIDReasoner.Cli.Evaluation;
using SIDReasoner.Core;
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
        var thinking = new ThinkingArguments(seed);
        Option<string?> adapter = CommonOptions.Adapter();
        var precision = new PrecisionArguments();
        var memory = new MemoryArguments();
        Option<string> engine = Engines.Option();
        Option<string> kernel = CommonOptions.Kernel();
        Option<int> threads = CommonOptions.Threads();
        Option<int> parallel = CommonOptions.Parallel();
        var command = new Command("evaluate", "Answers every row of a file and prints HR@K and NDCG@K, by SID and by item, with 95 % intervals.")
        {
            bundle, data, beams, score, rows, seed,
        };
        foreach (Option option in (IEnumerable<Option>)[.. thinking.Options, samples, report, json, adapter, .. precision.Options, .. memory.Options, engine, kernel, threads, parallel])
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
                if (limit < 0)
                {
                    throw new SidReasonerException($"--rows is {limit}; expected 0 or more.");
                }

                thinking.Check(parsed, samplesText: false);
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
                using Recommender recommender = Engines.Open(parsed.GetValue(engine)!, memory.Apply(parsed, precision.Apply(parsed, CommonOptions.Recommender(parsed.GetValue(bundle)!, forward, parsed.GetValue(parallel), CommonOptions.ParseKernel(parsed.GetValue(kernel)!)))));
                IReadOnlyList<Interaction> interactions = InteractionReader.Load(dataPath, recommender.Catalog);
                if (limit > 0 && limit < interactions.Count)
                {
                    interactions = [.. interactions.Take(limit)];
                }

                var settings = new EvaluationSettings(width, mode, thinking.Thinking(parsed, recommender.GenerationConfig), parsed.GetValue(adapter), thoughts, parsed.GetValue(seed));
                string? reportPath = parsed.GetValue(report);
                using RowLog log = reportPath is null ? RowLog.InMemory() : RowLog.Beside(reportPath, Fingerprint(recommender, settings, dataPath, limit));
                EvaluationReport result = await Evaluator.RunAsync(recommender, interactions, settings, log, Console.Error, cancellation).ConfigureAwait(false);
                string text = result.ToJson(dataPath);
                if (reportPath is not null)
                {
                    Core.Checkpoints.AtomicFile.WriteText(reportPath, text + "\n");
                    log.Complete();
                }

                if (parsed.GetValue(json))
                {
                    await Console.Out.WriteLineAsync(text).ConfigureAwait(false);
                }
                else
                {
                    result.Print(Console.Out);
                }

                return 0;
            },
            Console.Error));
        return command;
    }

    private static string Fingerprint(Recommender recommender, EvaluationSettings settings, string data, int limit)
    {
        using FileStream stream = File.OpenRead(data);
        return $"engine {recommender.Engine}, {recommender.Precision}, bundle {recommender.Bundle.Manifest.ModelDigest}/{recommender.Bundle.Manifest.CatalogHash}, {settings.Describe()}, data {Convert.ToHexStringLower(SHA256.HashData(stream))}, rows {limit}";
    }
}
