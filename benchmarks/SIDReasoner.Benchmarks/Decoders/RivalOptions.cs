using System.Globalization;

namespace SIDReasoner.Benchmarks.Decoders;

/// <summary>What <c>decoder-rivals</c> is asked to measure.</summary>
internal sealed record RivalOptions
{
    /// <summary>Everything there is, in the order of running.</summary>
    public static IReadOnlyList<string> AllParts { get; } = ["decode", "search", "per-beam", "smollm"];

    /// <summary>Random models: <c>qwen</c>, whose vocabulary is Qwen3's, and beside it a deep one for the per-beam way; or <c>small</c>, which is for tests.</summary>
    public string Model { get; init; } = "qwen";

    /// <summary>Which parts run.</summary>
    public IReadOnlyList<string> Parts { get; init; } = AllParts;

    /// <summary>Threads of every contender.</summary>
    public int Threads { get; init; } = 2;

    /// <summary>Counted turns of each contender; the per-beam way, which takes seconds a turn, has a third of them.</summary>
    public int Rounds { get; init; } = 9;

    /// <summary>Folder of SmolLM2-135M-Instruct, its GGUF file beside its safetensors.</summary>
    public string SmolLm { get; init; } = Path.Combine("out", "smollm2-135m");

    /// <summary>Folder for README.md and results.json; null prints alone.</summary>
    public string? Output { get; init; }

    /// <summary>Reads a command line: pairs of a name and a value.</summary>
    /// <exception cref="ArgumentException">An unknown option or part.</exception>
    public static RivalOptions Parse(ReadOnlySpan<string> args)
    {
        var options = new RivalOptions();
        for (int i = 0; i < args.Length; i += 2)
        {
            string value = i + 1 < args.Length ? args[i + 1] : throw new ArgumentException($"{args[i]} has no value.");
            options = args[i] switch
            {
                "--parts" => options with { Parts = value.Split(',') },
                "--threads" => options with { Threads = int.Parse(value, CultureInfo.InvariantCulture) },
                "--rounds" => options with { Rounds = int.Parse(value, CultureInfo.InvariantCulture) },
                "--model" => options with { Model = value },
                "--smollm" => options with { SmolLm = value },
                "--out" => options with { Output = value },
                _ => throw new ArgumentException($"Unknown option '{args[i]}'; expected --parts, --model, --threads, --rounds, --smollm or --out."),
            };
        }

        string[] unknown = [.. options.Parts.Except(AllParts)];
        if (unknown.Length > 0)
        {
            throw new ArgumentException($"Unknown part '{unknown[0]}'; expected some of {string.Join(", ", AllParts)}.");
        }

        return options.Model is "qwen" or "small" ? options : throw new ArgumentException($"Unknown model '{options.Model}'; expected qwen or small.");
    }
}
