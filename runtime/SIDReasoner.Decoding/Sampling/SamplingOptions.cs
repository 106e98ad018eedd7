using SIDReasoner.Core;
using SIDReasoner.Core.Configuration;

namespace SIDReasoner.Decoding.Sampling;

/// <summary>How a text token is chosen from the logits. The filters act in transformers' order: temperature, top-k, top-p, min-p.</summary>
public sealed record SamplingOptions
{
    /// <summary>The likeliest token every time; equal logits: the lowest id.</summary>
    public static SamplingOptions Greedy { get; } = new();

    /// <summary>Whether tokens are drawn at random; false, the default, is greedy, and everything below is unused.</summary>
    public bool Samples { get; init; }

    /// <summary>Divides the logits. Default 1; above 0.</summary>
    public double Temperature { get; init; } = 1;

    /// <summary>Keeps the k largest logits, and those equal to the k-th. Default 0: all.</summary>
    public int TopK { get; init; }

    /// <summary>Keeps the likeliest tokens until their probabilities sum to this. Default 1: all; above 0, at most 1.</summary>
    public double TopP { get; init; } = 1;

    /// <summary>Keeps tokens of at least this share of the largest probability. Default 0: all; from 0 to 1.</summary>
    public double MinP { get; init; }

    /// <summary>The seed. Default 0. One seed and stream give the same draws on every machine.</summary>
    public ulong Seed { get; init; }

    /// <summary>Which of several independent thoughts over one seed this is, from 0. Default 0.</summary>
    public uint Stream { get; init; }

    /// <summary>What a checkpoint's authors sample with, as generation_config.json says; what it leaves out stays at the default.</summary>
    /// <param name="config">The file's content; null gives the defaults.</param>
    /// <returns>Options that sample.</returns>
    public static SamplingOptions FromGenerationConfig(GenerationConfig? config) => new()
    {
        Samples = true,
        Temperature = config?.Temperature ?? 1,
        TopK = config?.TopK ?? 0,
        TopP = config?.TopP ?? 1,
    };

    /// <summary>Checks the ranges.</summary>
    /// <exception cref="SidReasonerException">A value is out of range: which, and what is allowed.</exception>
    public void Validate()
    {
        Require(Temperature > 0 && double.IsFinite(Temperature), "temperature", Temperature, "a number above 0 (leave sampling out for greedy text)");
        Require(TopK >= 0, "top-k", TopK, "at least 0, where 0 keeps all tokens");
        Require(TopP is > 0 and <= 1, "top-p", TopP, "above 0 and at most 1, where 1 keeps all tokens");
        Require(MinP is >= 0 and <= 1, "min-p", MinP, "from 0 to 1, where 0 keeps all tokens");
    }

    private static void Require(bool holds, string name, double value, string expected)
    {
        if (!holds)
        {
            throw new SidReasonerException($"{name} is {value.ToString(System.Globalization.CultureInfo.InvariantCulture)}; expected {expected}.");
        }
    }
}
