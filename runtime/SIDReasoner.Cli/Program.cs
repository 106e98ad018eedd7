using System.CommandLine;
using SIDReasoner.Cli.Commands;
using SIDReasoner.Core.Hosting;

var root = new RootCommand(
    """
    Ranks the items of a trained and exported recommender.

    A bundle is the folder that `sidr-export` writes. Typical use:
      sidr recommend --bundle out/bundle --history 12,80,311
      sidr recommend --bundle out/bundle --input requests.jsonl --output answers.jsonl
      sidr evaluate  --bundle out/bundle --data out/shop/plain/test.csv
      sidr inspect   --bundle out/bundle
    """)
{
    RecommendCommand.Create(),
    EvaluateCommand.Create(),
    InspectCommand.Create(),
};

ParseResult parsed = root.Parse(args);
return parsed.Errors.Count > 0
    ? HostErrors.BadUsage("sidr", parsed.Errors.Select(error => error.Message), Console.Error)
    : await parsed.InvokeAsync();
