using SIDReasoner.Train.Stages;

namespace SIDReasoner.Train.Hosting;

/// <summary>What <c>sidr-train fit</c> was asked for.</summary>
internal sealed record FitSettings
{
    public required string DataPath { get; init; }

    public string? CatalogPath { get; init; }

    public required string OutPath { get; init; }

    public required IReadOnlyList<int> Seeds { get; init; }

    public required NextItemOptions Options { get; init; }

    public required FitMode Mode { get; init; }

    public int BeamWidth { get; init; } = 50;

    public bool Resumes { get; init; }

    public string? JsonPath { get; init; }

    /// <summary>The command as the report repeats it: folders by their last name.</summary>
    public string Command { get; init; } = "";

    /// <summary>Where a seed's model goes: the output folder itself, or one folder a seed.</summary>
    public string FolderOf(int seed) => Seeds.Count == 1 ? OutPath : Path.Combine(OutPath, $"seed-{seed}");
}
