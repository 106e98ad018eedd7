using System.CommandLine;
using SIDReasoner.Core.Hosting;

namespace SIDReasoner.Train.Hosting;

/// <summary>The command line of <c>sidr-train</c>.</summary>
internal static class TrainCommand
{
    private const string Description =
        """
        Trains a recommender over Semantic IDs from scratch and says how it compares with simple baselines.

        From nothing to a model, on the project's own generated shop:
          sidr-train shop --out work/shop --seed 0
          sidr-train fit --data work/shop/plain --out work/model
        Then 'sidr-export --checkpoint work/model --catalog work/shop --out work/bundle' makes what 'sidr recommend' serves.

        Exit codes: 0 done; 1 unexpected; 2 something in the input must be put right (one message says what); 130 stopped by Ctrl-C.
        """;

    // After Ctrl-C: the update in progress ends and the state is written.
    private static readonly TimeSpan TimeToSave = TimeSpan.FromMinutes(1);

    /// <summary>Parses and runs.</summary>
    /// <returns>The exit code.</returns>
    public static async Task<int> RunAsync(string[] args)
    {
        ParseResult parsed = Create().Parse(args);
        if (parsed.Errors.Count > 0)
        {
            return HostErrors.BadUsage("sidr-train", parsed.Errors.Select(problem => problem.Message), Console.Error);
        }

        // The command's own errors become messages and exit codes below, not System.CommandLine's stack trace.
        var configuration = new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = TimeToSave };
        return await HostErrors.RunAsync(() => parsed.InvokeAsync(configuration), Console.Error).ConfigureAwait(false);
    }

    /// <summary>Builds the command and its subcommands.</summary>
    public static RootCommand Create() => new(Description) { FitCommand.Create(), EvaluateCommand.Create(), ShopCommand.Create() };
}
