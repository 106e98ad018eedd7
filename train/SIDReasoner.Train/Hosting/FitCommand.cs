using System.CommandLine;
using System.Globalization;
using SIDReasoner.Core;
using SIDReasoner.Train.Native;
using SIDReasoner.Train.Stages;
using Spectre.Console;

namespace SIDReasoner.Train.Hosting;

/// <summary><c>sidr-train fit</c>: interactions to a checkpoint and a table.</summary>
internal static class FitCommand
{
    private const string Description =
        """
        Trains a small decoder from scratch on purchase histories and writes a Hugging Face folder. Ends with a table: the model beside most
        popular, last-item Markov and history item-kNN on the same rows, with a paired bootstrap against the best of them.

        --data holds train, valid and test as NAME.csv, NAME.csv.gz or NAME.jsonl; the catalogue lies there, one folder above, or at --catalog.
        Rows:   (default)     fit on train, watch valid, score test
                --choose      fit on train, score valid; test is never opened: for choosing settings
                --with-valid  fit on train and valid, score test: the last run

        A killed or stopped run goes on with the same command and --resume, and makes the same updates as if it had never stopped; seeds that are
        finished are scored again, not trained again. The state for this lies in training/ inside --out.

        Examples:
          sidr-train fit --data work/shop/plain --out work/model
          sidr-train fit --data Office_Products --out work/office --with-valid --seeds 1,2,3 --json office.json
          sidr-train fit --data Office_Products --out work/try --choose --dropout 0.4
        """;

    /// <summary>Builds the command.</summary>
    public static Command Create()
    {
        var defaults = new NextItemOptions();
        var data = new Option<string>("--data") { Description = "Folder of the interaction files.", Required = true, HelpName = "DIR" };
        var catalog = new Option<string?>("--catalog") { Description = "Folder of the catalogue: MiniOneRec's files, or items.jsonl.", HelpName = "DIR" };
        var output = new Option<string>("--out") { Description = "Folder of the checkpoint; with several seeds one folder a seed inside it.", Required = true, HelpName = "DIR" };
        var seed = new Option<int>("--seed") { Description = "Fixes weights, order and dropout. Default 0.", HelpName = "N" };
        var seeds = new Option<string?>("--seeds") { Description = "Several seeds, such as 1,2,3: a model each, the table shows their mean.", HelpName = "LIST" };
        var choose = new Option<bool>("--choose") { Description = "Score the valid rows and never open test." };
        var withValid = new Option<bool>("--with-valid") { Description = "Fit on the valid rows too." };
        var beams = new Option<int>("--beams") { Description = "Beams of the final ranking, 1 to 1024. Default 50.", HelpName = "W", DefaultValueFactory = _ => 50 };
        var resume = new Option<bool>("--resume") { Description = "Go on from the state of a killed or stopped run in --out, if there is one." };
        var json = new Option<string?>("--json") { Description = "Also write the results to a file.", HelpName = "FILE" };
        var limit = new Option<double?>("--time-limit") { Description = "Minutes after which training stops, with the weights as they are.", HelpName = "MINUTES" };
        var threads = new Option<int>("--threads") { Description = "Threads; 0 = one a core (default).", HelpName = "N" };
        var dedicated = new Option<bool>("--dedicated") { Description = "Nothing else runs here: let waiting threads spin, about a quarter faster." };
        Option<T> Setting<T>(string name, string description, T value, string help = "N") =>
            new(name) { Description = string.Create(CultureInfo.InvariantCulture, $"{description} Default {value}."), HelpName = help, DefaultValueFactory = _ => value };
        var epochs = Setting("--epochs", "Passes over the histories.", defaults.Epochs);
        var batch = Setting("--batch-size", "Windows a step.", defaults.BatchSize);
        var rate = Setting("--learning-rate", "Base rate, after a warm-up, before the cosine.", defaults.LearningRate, "X");
        var warmup = Setting("--warmup-steps", "Steps of linear warm-up.", defaults.WarmupSteps);
        var decay = Setting("--weight-decay", "Decoupled weight decay on matrices.", defaults.WeightDecay, "X");
        var dropout = Setting("--dropout", "Dropout on embeddings and block outputs.", defaults.Dropout, "P");
        var itemDropout = Setting("--item-dropout", "Probability that an item is left out of a window.", defaults.ItemDropout, "P");
        var shuffle = Setting("--shuffle", "Probability that a window's items come in random order.", defaults.ShuffleProbability, "P");
        var fade = Setting("--augmentation-share", "Share of the epochs over which item dropout and shuffling fall to 0.", defaults.AugmentationShare, "P");
        var teacher = Setting("--teacher-weight", "Share of the target that item-kNN gives, fitted on the same histories.", defaults.TeacherWeight, "P");
        var smoothing = Setting("--label-smoothing", "Weight of the uniform distribution in the target.", defaults.LabelSmoothing, "P");
        var average = Setting("--average-decay", "Decay of the weights' running average; 0 = none.", defaults.AverageDecay, "P");
        var history = Setting("--history-items", "Items of a prompt's history.", defaults.HistoryItems);
        var hidden = Setting("--hidden", "Width of the model.", defaults.HiddenSize);
        var layers = Setting("--layers", "Layers.", defaults.LayerCount);
        var heads = Setting("--heads", "Attention heads.", defaults.HeadCount);
        var mlp = Setting("--mlp", "Width of the feed-forward block.", defaults.IntermediateSize);
        var stateEvery = Setting("--state-every", "Steps between saved states.", defaults.StateEverySteps);
        var command = new Command("fit", Description)
        {
            data, catalog, output, seed, seeds, choose, withValid, beams, resume, json, limit, threads, dedicated,
            epochs, batch, rate, warmup, decay, dropout, itemDropout, shuffle, fade, teacher, smoothing, average, history, hidden, layers, heads, mlp, stateEvery,
        };
        command.SetAction((parsed, cancellation) =>
        {
            NextItemOptions options = OptionChecks.Validated(new NextItemOptions
            {
                Epochs = parsed.GetValue(epochs),
                BatchSize = parsed.GetValue(batch),
                LearningRate = parsed.GetValue(rate),
                WarmupSteps = parsed.GetValue(warmup),
                WeightDecay = parsed.GetValue(decay),
                Dropout = parsed.GetValue(dropout),
                ItemDropout = parsed.GetValue(itemDropout),
                ShuffleProbability = parsed.GetValue(shuffle),
                AugmentationShare = parsed.GetValue(fade),
                TeacherWeight = parsed.GetValue(teacher),
                LabelSmoothing = parsed.GetValue(smoothing),
                AverageDecay = parsed.GetValue(average),
                HistoryItems = parsed.GetValue(history),
                HiddenSize = parsed.GetValue(hidden),
                LayerCount = parsed.GetValue(layers),
                HeadCount = parsed.GetValue(heads),
                IntermediateSize = parsed.GetValue(mlp),
                StateEverySteps = parsed.GetValue(stateEvery),
                TimeLimit = Limit(parsed.GetValue(limit)),
            });
            var settings = new FitSettings
            {
                DataPath = parsed.GetRequiredValue(data),
                CatalogPath = parsed.GetValue(catalog),
                OutPath = parsed.GetRequiredValue(output),
                Seeds = Seeds(parsed.GetValue(seeds), parsed.GetValue(seed)),
                Options = options,
                Mode = Mode(parsed.GetValue(choose), parsed.GetValue(withValid)),
                BeamWidth = Beams(parsed.GetValue(beams)),
                Resumes = parsed.GetValue(resume),
                JsonPath = parsed.GetValue(json),
                Command = CommandText.Of("sidr-train", parsed, data, catalog, output, json),
            };
            int threadCount = Threads(parsed.GetValue(threads));
            bool isDedicated = parsed.GetValue(dedicated);

            // On a thread of its own: this one has to answer Ctrl-C. libtorch's thread count belongs to the thread that sets it.
            return Task.Run(
                () =>
                {
                    LibTorch.Start(threadCount, isDedicated);
                    ITrainingDisplay display = AnsiConsole.Profile.Capabilities.Interactive && !Console.IsOutputRedirected
                        ? new LiveDisplay(AnsiConsole.Console)
                        : new PlainDisplay(Console.Out, TimeSpan.FromSeconds(5));
                    using var job = new FitJob(settings, display, TimeProvider.System);
                    return job.Run(Console.Out, cancellation);
                },
                CancellationToken.None);
        });
        return command;
    }

    private static FitMode Mode(bool choose, bool withValid) => (choose, withValid) switch
    {
        (true, true) => throw new SidReasonerException("--choose and --with-valid exclude each other: rows that were fitted on say nothing about a setting."),
        (true, _) => FitMode.Choose,
        (_, true) => FitMode.Final,
        _ => FitMode.Watch,
    };

    private static int[] Seeds(string? list, int single)
    {
        if (list is null)
        {
            return [single];
        }

        string[] parts = list.Split(',', StringSplitOptions.TrimEntries);
        int[] seeds = [.. parts.Select(part => int.TryParse(part, NumberStyles.Integer, CultureInfo.InvariantCulture, out int seed)
            ? seed
            : throw new SidReasonerException($"--seeds is '{list}'; expected whole numbers separated by commas, such as 1,2,3."))];
        return seeds.Distinct().Count() == seeds.Length ? seeds : throw new SidReasonerException($"--seeds is '{list}'; expected each seed once.");
    }

    private static int Beams(int beams) => beams is >= 1 and <= Decoding.SearchOptions.MaxBeamWidth
        ? beams
        : throw new SidReasonerException($"--beams is {beams}; expected 1 to {Decoding.SearchOptions.MaxBeamWidth}.");

    private static int Threads(int threads) => threads is >= 0 and <= 1024 ? threads : throw new SidReasonerException($"--threads is {threads}; expected 0 to 1024.");

    private static TimeSpan? Limit(double? minutes) => minutes switch
    {
        null => null,
        > 0 and < 100_000 => TimeSpan.FromMinutes(minutes.Value),
        _ => throw new SidReasonerException(string.Create(CultureInfo.InvariantCulture, $"--time-limit is {minutes}; expected minutes above 0.")),
    };
}
