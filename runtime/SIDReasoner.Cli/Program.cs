using System.CommandLine;
using SIDReasoner.Cli.Commands;
using SIDReasoner.Core.Hosting;

var root = new RootCommand(
    """
    Ranks the items of a trained and exported recommender, with or without thinking first; writes text.

    A bundle is the folder that `sidr-export` writes. Typical use:
      sidr recommend --bundle out/bundle --history 12,80,311
      sidr recommend --bundle out/bundle --input requests.jsonl --output answers.jsonl
      sidr recommend --bundle out/bundle --history 12,80,311 --think --budget 64
      sidr generate  --bundle out/bundle --message "What is a label printer?"
      sidr evaluate  --bundle out/bundle --data out/shop/plain/test.csv
      sidr inspect   --bundle out/bundle
    """)
{
    RecommendCommand.Create(),
    GenerateCommand.Create(),
    EvaluateCommand.Create(),
    InspectCommand.Create(),
};

ParseResult parsed = root.Parse(args);
return parsed.Errors.Count > 0
    ? HostErrors.BadUsage("sidr", parsed.Errors.Select(error => error.Message), Console.Error)
    : await parsed.InvokeAsync();
