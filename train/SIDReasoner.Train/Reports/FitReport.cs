namespace SIDReasoner.Train.Reports;

/// <summary>What <c>sidr-train fit --json</c> writes: who was compared on which rows, and how it came about.</summary>
public sealed record FitReport
{
    /// <summary>Version of this form.</summary>
    public int Version { get; init; } = 1;

    /// <summary>Start of the run, UTC.</summary>
    public required DateTimeOffset Date { get; init; }

    /// <summary>Where it ran.</summary>
    public required MachineReport Machine { get; init; }

    /// <summary>The command, folders by their last name.</summary>
    public required string Command { get; init; }

    /// <summary>Name of the data folder.</summary>
    public required string Data { get; init; }

    /// <summary>SHA-256 of each file read.</summary>
    public required IReadOnlyDictionary<string, string> DataHashes { get; init; }

    /// <summary>Which files were fitted on, such as "train, valid".</summary>
    public required string FittedOn { get; init; }

    /// <summary>Which file was scored, such as "test".</summary>
    public required string ScoredOn { get; init; }

    /// <summary>Rows scored, all of the file.</summary>
    public required int Rows { get; init; }

    /// <summary>Beams of the search, full-vocabulary scores.</summary>
    public required int BeamWidth { get; init; }

    /// <summary>Settings of the training, the seed apart.</summary>
    public required IReadOnlyDictionary<string, string> Settings { get; init; }

    /// <summary>Parameters of the model.</summary>
    public required long ParameterCount { get; init; }

    /// <summary>One entry a seed.</summary>
    public required IReadOnlyList<SeedReport> Seeds { get; init; }

    /// <summary>Mean over the seeds, targets counted as SIDs.</summary>
    public required RankingScore Model { get; init; }

    /// <summary>Mean over the seeds, targets counted as items.</summary>
    public required RankingScore ModelByItem { get; init; }

    /// <summary>Each baseline on the same rows, targets counted as SIDs.</summary>
    public required IReadOnlyDictionary<string, RankingScore> Baselines { get; init; }

    /// <summary>Each baseline on the same rows, targets counted as items.</summary>
    public required IReadOnlyDictionary<string, RankingScore> BaselinesByItem { get; init; }

    /// <summary>Model against the best baseline by NDCG@10: the name of that baseline.</summary>
    public required string BestBaseline { get; init; }

    /// <summary>Paired bootstrap of HR@10 over rows, mean over the seeds against the best baseline.</summary>
    public required BootstrapReport HitRate10 { get; init; }

    /// <summary>Paired bootstrap of NDCG@10 over rows, mean over the seeds against the best baseline.</summary>
    public required BootstrapReport Ndcg10 { get; init; }
}
