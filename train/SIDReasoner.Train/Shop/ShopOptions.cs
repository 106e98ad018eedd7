using System.ComponentModel.DataAnnotations;

namespace SIDReasoner.Train.Shop;

/// <summary>What the generated shop is made of. The catalog's 1,000 items and its facts depend on the seed alone.</summary>
public sealed record ShopOptions
{
    /// <summary>Seed of everything. Default 0. The same seed gives the same bytes on every machine.</summary>
    public long Seed { get; init; }

    /// <summary>Training users a split, one row each. Default 4,000; 1 to 1,000,000.</summary>
    [Range(1, 1_000_000)]
    public int TrainUsers { get; init; } = 4000;

    /// <summary>Validation users a split; no history of theirs is a training user's. Default 400; 1 to 10,000.</summary>
    [Range(1, 10_000)]
    public int ValidUsers { get; init; } = 400;

    /// <summary>Test users a split; no history of theirs is a training user's. Default 400; 1 to 10,000.</summary>
    [Range(1, 10_000)]
    public int TestUsers { get; init; } = 400;

    /// <summary>Share of steps in the plain split that go to a random item. Default 0.15; 0 to 1.</summary>
    [Range(0.0, 1.0)]
    public double NoiseRate { get; init; } = 0.15;

    /// <summary>Share of items that never are the answer of a multi-hop training row. Default 0.15; 0 to 0.9.</summary>
    [Range(0.0, 0.9)]
    public double UnseenRate { get; init; } = 0.15;
}
