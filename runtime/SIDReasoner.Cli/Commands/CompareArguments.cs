using System.CommandLine;
using SIDReasoner.Cli.Evaluation;
using SIDReasoner.Core;
using SIDReasoner.Core.Bundles;

namespace SIDReasoner.Cli.Commands;

/// <summary><c>--compare</c> and <c>--write</c> of <c>sidr evaluate</c>.</summary>
internal sealed class CompareArguments
{
    private readonly Option<bool> _compare = new("--compare")
    {
        Description = "Instead: answer the rows in every score mode and, in score mode exact, in every precision of the bundle, and print how the lists, scores and metrics differ. Not resumable.",
    };

    private readonly Option<bool> _write = new("--write")
    {
        Description = "With --compare: record the result in bundle.json; catalog becomes the bundle's default score mode where over at least 100 rows it agrees with exact.",
    };

    /// <summary>Both.</summary>
    public IEnumerable<Option> Options => [_compare, _write];

    /// <summary>Whether a comparison is asked for.</summary>
    public bool IsAsked(ParseResult parsed) => parsed.GetValue(_compare);

    /// <summary>Refuses options that a comparison does not go by.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="chosen">Options that choose what --compare goes through.</param>
    /// <param name="changing">Options under which the answers are not the bundle's plain ones, so that nothing is recorded.</param>
    /// <exception cref="SidReasonerException">One stands where it has no effect.</exception>
    public void Check(ParseResult parsed, IEnumerable<Option> chosen, IEnumerable<Option> changing)
    {
        bool writes = parsed.GetValue(_write);
        if (writes && !IsAsked(parsed))
        {
            throw new SidReasonerException("--write records what --compare found; add --compare or leave --write out.");
        }

        foreach (Option option in IsAsked(parsed) ? chosen.Where(option => IsGiven(parsed, option)) : [])
        {
            throw new SidReasonerException($"--compare goes through every score mode and precision by itself, over all rows of --data or --rows, with one thought a row; leave {option.Name} out.");
        }

        foreach (Option option in writes ? changing.Where(option => IsGiven(parsed, option)) : [])
        {
            throw new SidReasonerException($"--write records how the bundle answers without {option.Name}; leave one of the two out.");
        }
    }

    /// <summary>Records a comparison where that is asked for, and says so.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="comparison">What was found.</param>
    /// <param name="bundle">The bundle's folder.</param>
    /// <param name="dataSha256">Hash of the file of rows.</param>
    /// <param name="note">Receives a line.</param>
    /// <exception cref="SidReasonerException">bundle.json cannot be written; it is as it was.</exception>
    public void Record(ParseResult parsed, Comparison comparison, string bundle, string dataSha256, TextWriter note)
    {
        if (!parsed.GetValue(_write))
        {
            return;
        }

        BundleManifest recorded = BundleManifest.Load(bundle).With(comparison.ToManifest(dataSha256));
        recorded.Save(bundle);
        note.WriteLine(recorded.DefaultScoreMode == "catalog"
            ? "bundle.json: agreement recorded; a request that names no score mode is now scored by catalog"
            : FormattableString.Invariant($"bundle.json: agreement recorded; the default score mode is exact (catalog would need {BundleAgreement.LeastRows} rows, {BundleAgreement.LeastOverlap:P0} of the top 10, and an NDCG@10 that is not surely lower)"));
    }

    private static bool IsGiven(ParseResult parsed, Option option) => parsed.GetResult(option) is { Implicit: false };
}
