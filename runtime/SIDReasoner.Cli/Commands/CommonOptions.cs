using System.CommandLine;
using System.Globalization;
using SIDReasoner.Core;
using SIDReasoner.Decoding;
using SIDReasoner.Runtime;

namespace SIDReasoner.Cli.Commands;

/// <summary>The options that several commands share, each with the same words.</summary>
internal static class CommonOptions
{
    public static Option<string> Bundle() => new("--bundle") { Description = "The bundle's folder, as sidr-export wrote it.", Required = true, HelpName = "DIR" };

    public static Option<int> K() => new("--k") { Description = "SIDs to return, one entry a SID with all its items (1 to 1,024).", DefaultValueFactory = _ => 10, HelpName = "K" };

    public static Option<int> Beams(int standard) => new("--beams")
    {
        Description = "Beams kept a level, W (1 to 1,024); raised to K where K is larger.",
        DefaultValueFactory = _ => standard,
        HelpName = "W",
    };

    public static Option<string?> Score() => new("--score")
    {
        Description = "exact: log-softmax over the whole vocabulary; catalog: over the legal children, cheaper; reference: transformers' generate, with newline and end of turn scored, slower, for comparing with published numbers. Default: the bundle's own.",
        HelpName = "exact|catalog|reference",
    };

    public static Option<string?> Adapter() => new("--adapter") { Description = "A LoRA adapter that the bundle was exported with. Default: the model as it is.", HelpName = "NAME" };

    public static Option<int> Threads() => new("--threads") { Description = "Threads of one forward; 0 = all cores.", HelpName = "N" };

    public static Option<int> Parallel() => new("--parallel") { Description = "Requests computed at once; 0 = one a core.", HelpName = "N" };

    public static Option<string?> Output() => new("--output")
    {
        Description = "Where the answers go, a line a request in the input's order. Written beside as FILE.partial and renamed when complete; after a stop, the same command goes on.",
        HelpName = "FILE.jsonl",
    };

    public static Option<bool> SkipBadLines() => new("--skip-bad-lines") { Description = "With --input: report damaged lines by number and go on with the rest." };

    /// <summary>Refuses none or several of the options that say what is asked.</summary>
    public static void RequireOne(ParseResult parsed, params Option<string?>[] options)
    {
        int given = options.Count(option => parsed.GetValue(option) is not null);
        if (given != 1)
        {
            string names = $"{string.Join(", ", options.SkipLast(1).Select(option => option.Name))} and {options[^1].Name}";
            throw new SidReasonerException($"{(given == 0 ? "None" : "More than one")} of {names} is given; expected exactly one.");
        }
    }

    /// <summary>Refuses files that do not go together or must not be used, before a model is loaded.</summary>
    public static void CheckFiles(string? input, string? output)
    {
        if (input is null != output is null)
        {
            throw new SidReasonerException(input is null ? "--output goes with --input; for one request use --json." : "--input needs --output FILE.jsonl.");
        }

        if (input is not null)
        {
            Batch.BatchFiles.CheckPaths(input, output!);
        }
    }

    /// <summary>Parts between commas.</summary>
    public static string[] Split(string text) => text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    /// <summary>Token ids between commas.</summary>
    public static int[] TokenIds(string text) => [.. Split(text).Select(part => int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out int id)
        ? id
        : throw new SidReasonerException($"--prompt-ids holds '{part}'; expected token ids, whole numbers from 0."))];

    public static ScoreMode? ParseScore(string? text) => text switch
    {
        null => null,
        "exact" => ScoreMode.Exact,
        "catalog" => ScoreMode.Catalog,
        "reference" => ScoreMode.Reference,
        _ => throw new SidReasonerException($"--score is '{text}'; expected exact, catalog or reference."),
    };

    /// <summary>Checks K and W, and says once when W is raised.</summary>
    /// <returns>The beams to use.</returns>
    public static int ResolveBeams(int k, int beams, bool beamsGiven, TextWriter error)
    {
        if (k is < 1 or > SearchOptions.MaxBeamWidth)
        {
            throw new SidReasonerException($"--k is {k}; expected 1 to {SearchOptions.MaxBeamWidth}.");
        }

        if (beams is < 1 or > SearchOptions.MaxBeamWidth)
        {
            throw new SidReasonerException($"--beams is {beams}; expected 1 to {SearchOptions.MaxBeamWidth}.");
        }

        if (k > beams)
        {
            error.WriteLine($"note: {k} results need as many beams; using {k} beams instead of {beams}{(beamsGiven ? "" : " (the default)")}.");
        }

        return Math.Max(k, beams);
    }

    public static Option<string> Kernel() => new("--kernel")
    {
        Description = "What selects beams: auto (native where it loads), native, or managed. The same lists from both.",
        DefaultValueFactory = _ => "auto",
        HelpName = "auto|native|managed",
    };

    public static KernelChoice ParseKernel(string text) => text switch
    {
        "auto" => KernelChoice.Auto,
        "native" => KernelChoice.Native,
        "managed" => KernelChoice.Managed,
        _ => throw new SidReasonerException($"--kernel is '{text}'; expected auto, native or managed."),
    };

    public static RecommenderOptions Recommender(string bundle, int threads, int parallel, KernelChoice kernel = KernelChoice.Auto)
    {
        foreach ((string name, int value) in new[] { ("--threads", threads), ("--parallel", parallel) })
        {
            if (value is < 0 or > 1024)
            {
                throw new SidReasonerException($"{name} is {value}; expected 0 to 1,024.");
            }
        }

        return new RecommenderOptions { BundlePath = bundle, Threads = threads, MaxParallel = parallel, Kernel = kernel };
    }
}
