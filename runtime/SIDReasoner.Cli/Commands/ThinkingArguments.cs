using System.CommandLine;
using SIDReasoner.Core;
using SIDReasoner.Core.Configuration;
using SIDReasoner.Decoding.Sampling;
using SIDReasoner.Runtime;

namespace SIDReasoner.Cli.Commands;

/// <summary><c>--think</c>, <c>--sample</c> and what goes with them, the same for every command.</summary>
internal sealed class ThinkingArguments
{
    private readonly Option<bool> _think = new("--think") { Description = "Let the model think first. Without it nothing is thought." };

    private readonly Option<int> _budget = new("--budget") { Description = "With --think: most tokens of the thought; one that does not close in time is closed by force. 0 closes at once.", DefaultValueFactory = _ => 256, HelpName = "N" };

    private readonly Option<bool> _sample = new("--sample") { Description = "Draw tokens at random instead of taking the likeliest; what is not given below comes from the checkpoint's generation_config.json." };

    private readonly Option<double> _temperature = new("--temperature") { Description = "With --sample: divides the logits.", HelpName = "T" };

    private readonly Option<int> _topK = new("--top-k") { Description = "With --sample: keeps the K likeliest tokens; 0 = all.", HelpName = "K" };

    private readonly Option<double> _topP = new("--top-p") { Description = "With --sample: keeps the likeliest tokens up to this probability.", HelpName = "P" };

    private readonly Option<double> _minP = new("--min-p") { Description = "With --sample: keeps tokens of at least this share of the likeliest one's probability.", HelpName = "P" };

    private readonly Option<ulong> _seed;
    private readonly bool _ownsSeed;

    /// <summary>Makes the options.</summary>
    /// <param name="seed">A command's own --seed, which serves here too; null, the default, makes one.</param>
    public ThinkingArguments(Option<ulong>? seed = null)
    {
        _ownsSeed = seed is null;
        _seed = seed ?? new("--seed") { Description = "With --sample: the same seed draws the same tokens.", HelpName = "N" };
    }

    /// <summary>All options, for a command.</summary>
    public IEnumerable<Option> Options => [_think, _budget, _sample, _temperature, _topK, _topP, _minP, .. _ownsSeed ? [_seed] : Array.Empty<Option>()];

    /// <summary>Refuses what has no effect, before anything is loaded.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="samplesText">Whether the command samples without a thought too.</param>
    /// <exception cref="SidReasonerException">An option stands without the one that it belongs to, or is out of range.</exception>
    public void Check(ParseResult parsed, bool samplesText)
    {
        bool thinks = parsed.GetValue(_think), samples = parsed.GetValue(_sample);
        RequireWith(parsed, _budget, thinks, "--think");
        if (samples && !thinks && !samplesText)
        {
            throw new SidReasonerException("--sample draws the tokens of a thought; add --think, or leave it out: a ranking is never sampled.");
        }

        foreach (Option option in (IEnumerable<Option>)[_temperature, _topK, _topP, _minP, .. _ownsSeed ? [_seed] : Array.Empty<Option>()])
        {
            RequireWith(parsed, option, samples, "--sample");
        }

        if (parsed.GetValue(_budget) < 0)
        {
            throw new SidReasonerException($"--budget is {parsed.GetValue(_budget)}; expected at least 0, where 0 closes the thought at once.");
        }

        Sampling(parsed, config: null).Validate();
    }

    /// <summary>Whether a thought is asked for and drawn at random.</summary>
    /// <param name="parsed">The command line.</param>
    /// <returns>True with --think and --sample.</returns>
    public bool Samples(ParseResult parsed) => parsed.GetValue(_think) && parsed.GetValue(_sample);

    /// <summary>How tokens are chosen.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="config">The checkpoint's defaults.</param>
    /// <returns>Greedy, unless sampling is asked for.</returns>
    public SamplingOptions Sampling(ParseResult parsed, GenerationConfig? config)
    {
        if (!parsed.GetValue(_sample))
        {
            return SamplingOptions.Greedy;
        }

        SamplingOptions options = SamplingOptions.FromGenerationConfig(config);
        return options with
        {
            Temperature = IsGiven(parsed, _temperature) ? parsed.GetValue(_temperature) : options.Temperature,
            TopK = IsGiven(parsed, _topK) ? parsed.GetValue(_topK) : options.TopK,
            TopP = IsGiven(parsed, _topP) ? parsed.GetValue(_topP) : options.TopP,
            MinP = parsed.GetValue(_minP),
            Seed = parsed.GetValue(_seed),
        };
    }

    /// <summary>The thought asked for, or null.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="config">The checkpoint's defaults.</param>
    /// <returns>Null without --think.</returns>
    public ThinkingRequest? Thinking(ParseResult parsed, GenerationConfig? config) =>
        parsed.GetValue(_think) ? new ThinkingRequest { Budget = parsed.GetValue(_budget), Sampling = Sampling(parsed, config) } : null;

    private static bool IsGiven(ParseResult parsed, Option option) => parsed.GetResult(option) is { Implicit: false };

    private static void RequireWith(ParseResult parsed, Option option, bool holds, string other)
    {
        if (IsGiven(parsed, option) && !holds)
        {
            throw new SidReasonerException($"{option.Name} has no effect without {other}; add {other} or leave {option.Name} out.");
        }
    }
}
