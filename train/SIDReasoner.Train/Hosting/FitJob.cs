using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using SIDReasoner.Core.Checkpoints;
using SIDReasoner.Core.Configuration;
using SIDReasoner.Core.Evaluation;
using SIDReasoner.Core.Hosting;
using SIDReasoner.Core.Items;
using SIDReasoner.Core.SemanticIds;
using SIDReasoner.Train.Baselines;
using SIDReasoner.Train.Checkpointing;
using SIDReasoner.Train.Data;
using SIDReasoner.Train.Evaluation;
using SIDReasoner.Train.Reports;
using SIDReasoner.Train.Stages;

namespace SIDReasoner.Train.Hosting;

/// <summary>One <c>sidr-train fit</c>: data, training, checkpoint, and the table of model beside baselines.</summary>
internal sealed class FitJob : IDisposable
{
    private const int WatchedRows = 1000;
    private const int WatchedBeams = 20;
    private const string StateFile = "training/state.safetensors";

    private readonly FitSettings _settings;
    private readonly ITrainingDisplay _display;
    private readonly DateTimeOffset _date;
    private readonly DataFolder _data;
    private readonly IReadOnlyList<Interaction> _train;
    private readonly IReadOnlyList<Interaction> _valid;
    private readonly IReadOnlyList<Interaction> _scored;
    private readonly SidVocabulary _vocabulary;
    private readonly WindowPrompt _prompt;
    private readonly ModelConfig _config;
    private readonly ModelEvaluator _evaluator;
    private readonly int[][][] _chains;

    /// <summary>Reads and checks all input; nothing is written yet.</summary>
    public FitJob(FitSettings settings, ITrainingDisplay display, TimeProvider clock)
    {
        _settings = settings;
        _display = display;
        _date = clock.GetUtcNow();
        _data = DataFolder.Open(settings.DataPath, settings.CatalogPath);
        _train = _data.Read("train");
        _valid = settings.Mode == FitMode.Watch ? _data.TryRead("valid") ?? [] : _data.Read("valid");
        _scored = settings.Mode == FitMode.Choose ? _valid : _data.Read("test");
        _vocabulary = WindowVocabulary.Create(_data.Catalog);
        _prompt = new WindowPrompt(_data.Catalog, _vocabulary, WindowVocabulary.Bos, settings.Options.HistoryItems);
        _config = WindowVocabulary.Config(_data.Catalog, _vocabulary, settings.Options);
        _evaluator = new ModelEvaluator(_data.Catalog, _vocabulary, _prompt.Build);
        IReadOnlyList<int[]> chains = UserChains.Rebuild(settings.Mode == FitMode.Final ? [.. _train, .. _valid] : _train);
        _chains = [.. chains.Select(chain => chain.Select(_prompt.TokensOf).ToArray())];
    }

    /// <summary>Trains and scores every seed, then prints and writes the comparison.</summary>
    /// <returns>The exit code.</returns>
    public int Run(TextWriter output, CancellationToken cancellation)
    {
        var seeds = new List<SeedReport>();
        var ranks = new List<RankedRows>();
        long parameters = 0;
        foreach (int seed in _settings.Seeds)
        {
            SeedReport? report = null;
            string folder = _settings.FolderOf(seed);
            using var stage = new NextItemStage(_chains, _config, WindowVocabulary.Bos, _settings.Options with { Seed = seed });
            parameters = stage.Model.Parameters.Count;
            string title = string.Create(
                CultureInfo.InvariantCulture,
                $"Seed {seed}: {parameters:N0} parameters, {_chains.Length:N0} users' histories, {stage.TotalSteps:N0} steps.");
            _display.Show(title, () => report = RunSeed(stage, seed, folder, ranks, cancellation));
            if (report is null)
            {
                output.WriteLine($"Stopped after step {stage.Step} of {stage.TotalSteps}; the state is kept in '{folder}'. The same command with --resume goes on from there.");
                return HostErrors.Interrupted;
            }

            seeds.Add(report);
            Save(stage, report, folder);
        }

        FitReport result = Compare(seeds, ranks, parameters);
        FitTable.Print(result, output);
        if (_settings.JsonPath is not null)
        {
            AtomicFile.WriteText(_settings.JsonPath, JsonSerializer.Serialize(result, ReportJson.Default.FitReport) + "\n");
        }

        return 0;
    }

    /// <inheritdoc/>
    public void Dispose() => _evaluator.Dispose();

    private SeedReport? RunSeed(NextItemStage stage, int seed, string folder, List<RankedRows> ranks, CancellationToken cancellation)
    {
        Directory.CreateDirectory(folder);
        string statePath = Path.Combine(folder, StateFile);
        if (_settings.Resumes && File.Exists(statePath))
        {
            stage.Resume(statePath);
            _display.Line($"Goes on after step {stage.Step}.");
        }

        TrainingEnd end = stage.Run(statePath, _display.Step, _settings.Mode == FitMode.Final || _valid.Count == 0 ? null : epoch => Watch(stage, epoch), cancellation);
        if (end == TrainingEnd.Canceled)
        {
            return null;
        }

        if (end == TrainingEnd.TimeLimit)
        {
            _display.Line($"The time limit came after step {stage.Step} of {stage.TotalSteps}.");
        }

        _display.Line(string.Create(CultureInfo.InvariantCulture, $"Ranking {_scored.Count:N0} rows with {_settings.BeamWidth} beams."));
        var watch = Stopwatch.StartNew();
        RankedRows found = _evaluator.Evaluate(stage.Model, _scored, _settings.BeamWidth, cancellation);
        ranks.Add(found);
        double loss = stage.Losses.Skip(Math.Max(0, stage.Losses.Count - 100)).Average();
        return new SeedReport(seed, RankingScore.Of(found.Sids), RankingScore.Of(found.Items), stage.Step, loss, stage.Seconds, stage.CpuSeconds, watch.Elapsed.TotalSeconds);
    }

    private void Watch(NextItemStage stage, int epoch)
    {
        int every = Math.Max(1, _valid.Count / WatchedRows);
        Interaction[] rows = [.. _valid.Where((_, row) => row % every == 0)];
        RankingScore score = RankingScore.Of(_evaluator.Evaluate(stage.Model, rows, WatchedBeams).Sids);
        _display.Line(string.Create(CultureInfo.InvariantCulture, $"epoch {epoch}: valid HR@10 {score.HitRate[10]:F4}, NDCG@10 {score.Ndcg[10]:F4} ({rows.Length} rows)"));
    }

    private void Save(NextItemStage stage, SeedReport report, string folder)
    {
        string scored = _settings.Mode == FitMode.Choose ? "valid" : "test";
        var metrics = new Dictionary<string, double> { ["train.loss"] = report.LastLoss };
        foreach (int k in RankingScore.CutOffs)
        {
            metrics[$"{scored}.hr@{k}"] = report.Score.HitRate[k];
            metrics[$"{scored}.ndcg@{k}"] = report.Score.Ndcg[k];
        }

        CheckpointWriter.WriteWindowModel(folder, stage.Model, _vocabulary, _settings.Options.HistoryItems, new CheckpointManifest
        {
            Stage = "next-item",
            DataHashes = _data.Hashes,
            SidTokenIds = _vocabulary.TokenIds,
            SidTokens = _vocabulary.Tokens,
            Metrics = metrics,
        });
    }

    private FitReport Compare(List<SeedReport> seeds, List<RankedRows> ranks, long parameters)
    {
        IReadOnlyList<IBaseline> baselines = BaselineSuite.Fit(_data.Catalog, _train, _valid, fitsOnValidToo: _settings.Mode == FitMode.Final);
        var baselineRanks = baselines.ToDictionary(baseline => baseline.Name, baseline => BaselineRanks.Compute(baseline, _data.Catalog, _scored));
        string best = baselineRanks.MaxBy(pair => RankingScore.Of(pair.Value.Sids).Ndcg[10]).Key;
        int[] bestRanks = baselineRanks[best].Sids;
        double[] Mean(Func<int, int, double> value) => [.. Enumerable.Range(0, _scored.Count).Select(row => ranks.Average(run => value(run.Sids[row], 10)))];
        double[] Best(Func<int, int, double> value) => [.. bestRanks.Select(rank => value(rank, 10))];
        return new FitReport
        {
            Date = _date,
            Machine = MachineReport.Current(),
            Command = _settings.Command,
            Data = Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(_settings.DataPath))),
            DataHashes = _data.Hashes,
            FittedOn = _settings.Mode == FitMode.Final ? "train, valid" : "train",
            ScoredOn = _settings.Mode == FitMode.Choose ? "valid" : "test",
            Rows = _scored.Count,
            BeamWidth = _settings.BeamWidth,
            Settings = SettingsOf(_settings.Options),
            ParameterCount = parameters,
            Seeds = seeds,
            Model = RankingScore.Mean([.. seeds.Select(seed => seed.Score)]),
            ModelByItem = RankingScore.Mean([.. seeds.Select(seed => seed.ScoreByItem)]),
            Baselines = baselineRanks.ToDictionary(pair => pair.Key, pair => RankingScore.Of(pair.Value.Sids)),
            BaselinesByItem = baselineRanks.ToDictionary(pair => pair.Key, pair => RankingScore.Of(pair.Value.Items)),
            BestBaseline = best,
            HitRate10 = BootstrapReport.Compare(Mean(RankingMetrics.Hit), Best(RankingMetrics.Hit)),
            Ndcg10 = BootstrapReport.Compare(Mean(RankingMetrics.Gain), Best(RankingMetrics.Gain)),
        };
    }

    private static Dictionary<string, string> SettingsOf(NextItemOptions options) => typeof(NextItemOptions).GetProperties()
        .Where(property => property.Name is not (nameof(NextItemOptions.Seed) or nameof(NextItemOptions.StateEverySteps)) && property.CanWrite)
        .ToDictionary(property => property.Name, property => Convert.ToString(property.GetValue(options), CultureInfo.InvariantCulture) ?? "");
}
