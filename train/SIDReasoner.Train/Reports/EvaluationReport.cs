namespace SIDReasoner.Train.Reports;

/// <summary>What <c>sidr-train evaluate --json</c> writes.</summary>
public sealed record EvaluationReport
{
    /// <summary>Version of this form.</summary>
    public int Version { get; init; } = 1;

    /// <summary>Start of the run, UTC.</summary>
    public required DateTimeOffset Date { get; init; }

    /// <summary>Where it ran.</summary>
    public required MachineReport Machine { get; init; }

    /// <summary>Name of the checkpoint's folder.</summary>
    public required string Checkpoint { get; init; }

    /// <summary>Name of the data folder.</summary>
    public required string Data { get; init; }

    /// <summary>SHA-256 of each file read.</summary>
    public required IReadOnlyDictionary<string, string> DataHashes { get; init; }

    /// <summary>Which file was scored, such as "test".</summary>
    public required string ScoredOn { get; init; }

    /// <summary>Rows scored.</summary>
    public required int Rows { get; init; }

    /// <summary>Beams of the search, full-vocabulary scores.</summary>
    public required int BeamWidth { get; init; }

    /// <summary>Targets counted as SIDs.</summary>
    public required RankingScore Model { get; init; }

    /// <summary>Targets counted as items.</summary>
    public required RankingScore ModelByItem { get; init; }

    /// <summary>Wall time of ranking every row.</summary>
    public required double Seconds { get; init; }
}
