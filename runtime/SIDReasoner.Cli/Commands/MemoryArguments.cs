using System.CommandLine;
using SIDReasoner.Core;
using SIDReasoner.Runtime;

namespace SIDReasoner.Cli.Commands;

/// <summary><c>--prefix-cache</c> and <c>--no-prepack</c>: what memory may be spent on.</summary>
internal sealed class MemoryArguments
{
    private const int MostMegabytes = 1 << 20;

    private readonly Option<int> _prefixCache = new("--prefix-cache")
    {
        Description = "Megabytes for keys and values of prompts, shared by all requests: a prompt that begins as an earlier one did runs only the rest. "
            + "0 = none, the default here: each run of a file then gives the same bits, while with it scores may differ in the sixth digit.",
        HelpName = "MB",
    };

    private readonly Option<bool> _noPrepack = new("--no-prepack")
    {
        Description = "Read float32 weights from the mapped file instead of a copy laid out for the processor: the weights' size less memory, up to 1.3x slower.",
    };

    /// <summary>All of them.</summary>
    public IEnumerable<Option> Options => [_prefixCache, _noPrepack];

    /// <summary>Writes what was asked into how the model is opened.</summary>
    /// <exception cref="SidReasonerException">A size is out of range.</exception>
    public RecommenderOptions Apply(ParseResult parsed, RecommenderOptions options)
    {
        int megabytes = parsed.GetValue(_prefixCache);
        if (megabytes is < 0 or > MostMegabytes)
        {
            throw new SidReasonerException($"--prefix-cache is {megabytes}; expected 0 to {MostMegabytes} megabytes.");
        }

        options.PrefixCacheBytes = (long)megabytes << 20;
        options.Prepack = !parsed.GetValue(_noPrepack);
        return options;
    }
}
