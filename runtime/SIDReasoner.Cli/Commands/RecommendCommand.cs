using System.CommandLine;
using System.Globalization;
using SIDReasoner.Cli.Batch;
using SIDReasoner.Core;
using SIDReasoner.Core.Hosting;
using SIDReasoner.Runtime;

namespace SIDReasoner.Cli.Commands;

/// <summary><c>sidr recommend</c>: one history on the command line, or a file of them.</summary>
internal static class RecommendCommand
{
    public static Command Create()
    {
        Option<string> bundle = CommonOptions.Bundle();
        var history = new Option<string?>("--history") { Description = "Ids of the items bought, oldest first, with commas between them.", HelpName = "ID,ID,.." };
        var promptIds = new Option<string?>("--prompt-ids") { Description = "Token ids of a finished prompt, with commas, instead of a history.", HelpName = "N,N,.." };
        var input = new Option<string?>("--input") { Description = "Many requests: a line {\"id\", \"history\": [item ids]} or {\"id\", \"prompt_ids\": [token ids]} each.", HelpName = "FILE.jsonl" };
        var output = new Option<string?>("--output") { Description = "Where the answers go, a line a request in the input's order. Written beside as FILE.partial and renamed when complete; after a stop, the same command goes on.", HelpName = "FILE.jsonl" };
        Option<int> k = CommonOptions.K();
        Option<int> beams = CommonOptions.Beams(10);
        Option<string?> score = CommonOptions.Score();
        var exclude = new Option<bool>("--exclude-history") { Description = "Leave the history's items out, inside the search, so that K others come." };
        var skip = new Option<bool>("--skip-bad-lines") { Description = "With --input: report damaged lines by number and go on with the rest." };
        var json = new Option<bool>("--json") { Description = "Print one JSON object instead of a list." };
        Option<string> engine = Engines.Option();
        Option<int> threads = CommonOptions.Threads();
        Option<int> parallel = CommonOptions.Parallel();
        var command = new Command("recommend", "Ranks the catalogue for a history, a prompt, or a file of them.")
        {
            bundle, history, promptIds, input, output, k, beams, score, exclude, skip, json, engine, threads, parallel,
        };
        command.SetAction((parsed, cancellation) => HostErrors.RunAsync(
            async () =>
            {
                string? historyText = parsed.GetValue(history), promptText = parsed.GetValue(promptIds), inputPath = parsed.GetValue(input), outputPath = parsed.GetValue(output);
                int given = (historyText is null ? 0 : 1) + (promptText is null ? 0 : 1) + (inputPath is null ? 0 : 1);
                if (given != 1)
                {
                    throw new SidReasonerException($"{(given == 0 ? "None" : "More than one")} of --history, --prompt-ids and --input is given; expected exactly one.");
                }

                if (inputPath is null != outputPath is null)
                {
                    throw new SidReasonerException(inputPath is null ? "--output goes with --input; for one request use --json." : "--input needs --output FILE.jsonl.");
                }

                var request = new RecommendRequest
                {
                    K = parsed.GetValue(k),
                    BeamWidth = CommonOptions.ResolveBeams(parsed.GetValue(k), parsed.GetValue(beams), parsed.GetResult(beams) is { Implicit: false }, Console.Error),
                    ScoreMode = CommonOptions.ParseScore(parsed.GetValue(score)),
                    ExcludeHistory = parsed.GetValue(exclude),
                };
                if (inputPath is not null)
                {
                    BatchFiles.CheckPaths(inputPath, outputPath!);
                }

                using Recommender recommender = Engines.Open(parsed.GetValue(engine)!, CommonOptions.Recommender(parsed.GetValue(bundle)!, parsed.GetValue(threads), parsed.GetValue(parallel)));
                if (inputPath is not null)
                {
                    await BatchRun.RunAsync(recommender, request, inputPath, outputPath!, parsed.GetValue(skip), cancellation).ConfigureAwait(false);
                    return 0;
                }

                request = historyText is not null
                    ? request with { History = Split(historyText) }
                    : request with { PromptIds = [.. Split(promptText!).Select(TokenId)] };
                Recommendation answer = await recommender.RecommendAsync(request, cancellation).ConfigureAwait(false);
                if (parsed.GetValue(json))
                {
                    AnswerJson.WriteOne(Console.Out, answer);
                }
                else
                {
                    AnswerText.Write(Console.Out, answer);
                }

                return 0;
            },
            Console.Error));
        return command;
    }

    private static string[] Split(string text) => text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    private static int TokenId(string text) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int id)
        ? id
        : throw new SidReasonerException($"--prompt-ids holds '{text}'; expected token ids, whole numbers from 0.");
}
