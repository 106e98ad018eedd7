using System.CommandLine;
using SIDReasoner.Runtime;

namespace SIDReasoner.Cli.Commands;

/// <summary><c>--precision</c> and <c>--force-precision</c>: which form of the bundle's weights runs.</summary>
internal sealed class PrecisionArguments
{
    private readonly Option<string?> _precision = new("--precision")
    {
        Description = "Form of the weights, as the bundle has them: fp32, int8, int4; auto: int8 for models at least 512 wide on a processor with VNNI, else fp32. Changes answers a little; each says what ran. Default: the bundle's first.",
        HelpName = "fp32|int8|int4|auto",
    };

    private readonly Option<bool> _force = new("--force-precision") { Description = "Run int8 also on a processor without VNNI: the same answers, but a smaller gain." };

    /// <summary>Both.</summary>
    public IEnumerable<Option> Options => [_precision, _force];

    /// <summary>The one that names a form.</summary>
    public IEnumerable<Option> Choice => [_precision];

    /// <summary>Writes what was asked into how the model is opened.</summary>
    public RecommenderOptions Apply(ParseResult parsed, RecommenderOptions options)
    {
        options.Precision = parsed.GetValue(_precision);
        options.ForcePrecision = parsed.GetValue(_force);
        return options;
    }
}
