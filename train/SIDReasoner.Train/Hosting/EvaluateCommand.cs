using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using SIDReasoner.Core;
using SIDReasoner.Core.Checkpoints;
using SIDReasoner.Core.Items;
using SIDReasoner.Core.SemanticIds;
using SIDReasoner.Core.Text;
using SIDReasoner.Decoding;
using SIDReasoner.Train.Data;
using SIDReasoner.Train.Evaluation;
using SIDReasoner.Train.Model;
using SIDReasoner.Train.Native;
using SIDReasoner.Train.Reports;

namespace SIDReasoner.Train.Hosting;

/// <summary><c>sidr-train evaluate</c>: ranks every row of a file with a checkpoint.</summary>
internal static class EvaluateCommand
{
    private const string Description =
        """
        Ranks every row of a file with a checkpoint, in TorchSharp and float32, and prints HR and NDCG. The checkpoint is any Hugging Face folder
        (Qwen3, Qwen2, Llama) with a tokenizer.json and a prompt.json, such as 'sidr-train fit' writes.

        Example:
          sidr-train evaluate --checkpoint work/model --data work/shop/plain
        """;

    /// <summary>Builds the command.</summary>
    public static Command Create()
    {
        var checkpoint = new Option<string>("--checkpoint") { Description = "Hugging Face folder.", Required = true, HelpName = "DIR" };
        var data = new Option<string>("--data") { Description = "Folder of the interaction files.", Required = true, HelpName = "DIR" };
        var catalog = new Option<string?>("--catalog") { Description = "Folder of the catalogue; default: the data folder, or the one above.", HelpName = "DIR" };
        var rows = new Option<string>("--rows") { Description = "Which file: train, valid or test (default).", HelpName = "NAME", DefaultValueFactory = _ => "test" };
        var beams = new Option<int>("--beams") { Description = "Beams, 1 to 1024. Default 50.", HelpName = "W", DefaultValueFactory = _ => 50 };
        var threads = new Option<int>("--threads") { Description = "Threads; 0 = one a core (default).", HelpName = "N" };
        var json = new Option<string?>("--json") { Description = "Also write the results to a file.", HelpName = "FILE" };
        var command = new Command("evaluate", Description) { checkpoint, data, catalog, rows, beams, threads, json };
        command.SetAction((parsed, cancellation) =>
        {
            int width = parsed.GetValue(beams);
            if (width is < 1 or > SearchOptions.MaxBeamWidth)
            {
                throw new SidReasonerException($"--beams is {width}; expected 1 to {SearchOptions.MaxBeamWidth}.");
            }

            return Task.Run(
                () =>
                {
                    LibTorch.Start(parsed.GetValue(threads));
                    EvaluationReport report = Run(parsed.GetRequiredValue(checkpoint), parsed.GetRequiredValue(data), parsed.GetValue(catalog), parsed.GetValue(rows)!, width, cancellation);
                    Print(report);
                    if (parsed.GetValue(json) is { } path)
                    {
                        AtomicFile.WriteText(path, JsonSerializer.Serialize(report, ReportJson.Default.EvaluationReport) + "\n");
                    }

                    return 0;
                },
                CancellationToken.None);
        });
        return command;
    }

    private static EvaluationReport Run(string checkpointPath, string dataPath, string? catalogPath, string rows, int width, CancellationToken cancellation)
    {
        DateTimeOffset date = TimeProvider.System.GetUtcNow();
        DataFolder data = DataFolder.Open(dataPath, catalogPath);
        IReadOnlyList<Interaction> interactions = data.Read(rows);
        using CheckpointFolder folder = CheckpointFolder.Open(checkpointPath);
        ByteLevelBpeTokenizer tokenizer = ByteLevelBpeTokenizer.Load(checkpointPath);
        PromptTemplate prompt = PromptTemplate.Load(checkpointPath);
        SidVocabulary vocabulary = tokenizer.SelectSidTokens(data.Catalog.Items.Select(item => item.Sid));
        using DecoderModel model = DecoderModel.Load(folder);
        using var evaluator = new ModelEvaluator(data.Catalog, vocabulary, history => prompt.Build([.. history.Select(item => data.Catalog.Items[item])], vocabulary, tokenizer));
        var watch = Stopwatch.StartNew();
        RankedRows ranks = evaluator.Evaluate(model, interactions, width, cancellation);
        return new EvaluationReport
        {
            Date = date,
            Machine = MachineReport.Current(),
            Checkpoint = NameOf(checkpointPath),
            Data = NameOf(dataPath),
            DataHashes = data.Hashes,
            ScoredOn = rows,
            Rows = interactions.Count,
            BeamWidth = width,
            Model = RankingScore.Of(ranks.Sids),
            ModelByItem = RankingScore.Of(ranks.Items),
            Seconds = watch.Elapsed.TotalSeconds,
        };
    }

    private static void Print(EvaluationReport report)
    {
        Console.Out.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{report.Checkpoint} on {report.Rows:N0} {report.ScoredOn} rows of {report.Data}, {report.BeamWidth} beams, {report.Seconds:F0} s"));
        foreach (int k in RankingScore.CutOffs)
        {
            Console.Out.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"  HR@{k,-2}  {report.Model.HitRate[k]:F4}   NDCG@{k,-2}  {report.Model.Ndcg[k]:F4}   by item {report.ModelByItem.HitRate[k]:F4}  {report.ModelByItem.Ndcg[k]:F4}"));
        }
    }

    private static string NameOf(string path) => Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(path)));
}
