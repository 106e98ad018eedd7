using System.CommandLine;
using SIDReasoner.Cli.Batch;
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
        Option<string?> output = CommonOptions.Output();
        Option<int> k = CommonOptions.K();
        Option<int> beams = CommonOptions.Beams(10);
        Option<string?> score = CommonOptions.Score();
        var exclude = new Option<bool>("--exclude-history") { Description = "Leave the history's items out, inside the search, so that K others come." };
        var whole = new Option<bool>("--whole-history") { Description = "Refuse a history that the context does not hold, instead of leaving out its oldest items." };
        Option<bool> skip = CommonOptions.SkipBadLines();
        var json = new Option<bool>("--json") { Description = "Print one JSON object instead of a list." };
        var thinking = new ThinkingArguments();
        Option<string?> adapter = CommonOptions.Adapter();
        var precision = new PrecisionArguments();
        var memory = new MemoryArguments();
        Option<string> engine = Engines.Option();
        Option<string> kernel = CommonOptions.Kernel();
        Option<int> threads = CommonOptions.Threads();
        Option<int> parallel = CommonOptions.Parallel();
        var command = new Command("recommend", "Ranks the catalogue for a history, a prompt, or a file of them.")
        {
            bundle, history, promptIds, input, output, k, beams, score, exclude, whole, adapter,
        };
        foreach (Option option in (IEnumerable<Option>)[.. thinking.Options, skip, json, .. precision.Options, .. memory.Options, engine, kernel, threads, parallel])
        {
            command.Options.Add(option);
        }

        command.SetAction((parsed, cancellation) => HostErrors.RunAsync(
            async () =>
            {
                string? historyText = parsed.GetValue(history), promptText = parsed.GetValue(promptIds), inputPath = parsed.GetValue(input), outputPath = parsed.GetValue(output);
                CommonOptions.RequireOne(parsed, history, promptIds, input);
                CommonOptions.CheckFiles(inputPath, outputPath);
                thinking.Check(parsed, samplesText: false);
                var request = new RecommendRequest
                {
                    K = parsed.GetValue(k),
                    BeamWidth = CommonOptions.ResolveBeams(parsed.GetValue(k), parsed.GetValue(beams), parsed.GetResult(beams) is { Implicit: false }, Console.Error),
                    ScoreMode = CommonOptions.ParseScore(parsed.GetValue(score)),
                    ExcludeHistory = parsed.GetValue(exclude),
                    RequireWholeHistory = parsed.GetValue(whole),
                    Adapter = parsed.GetValue(adapter),
                };
                using Recommender recommender = Engines.Open(parsed.GetValue(engine)!, memory.Apply(parsed, precision.Apply(parsed, CommonOptions.Recommender(parsed.GetValue(bundle)!, parsed.GetValue(threads), parsed.GetValue(parallel), CommonOptions.ParseKernel(parsed.GetValue(kernel)!)))));
                request = request with { Thinking = thinking.Thinking(parsed, recommender.GenerationConfig) };
                if (inputPath is not null)
                {
                    await BatchRun.RunAsync(new RecommendBatch(recommender, request), inputPath, outputPath!, parsed.GetValue(skip), cancellation).ConfigureAwait(false);
                    return 0;
                }

                request = historyText is not null
                    ? request with { History = CommonOptions.Split(historyText) }
                    : request with { PromptIds = CommonOptions.TokenIds(promptText!) };
                if (parsed.GetValue(json))
                {
                    AnswerJson.WriteOne(Console.Out, await recommender.RecommendAsync(request, cancellation).ConfigureAwait(false));
                }
                else
                {
                    await PrintAsync(recommender, request, cancellation).ConfigureAwait(false);
                }

                return 0;
            },
            Console.Error));
        return command;
    }

    /// <summary>The thought as it comes, what it names, then the list.</summary>
    private static async Task PrintAsync(Recommender recommender, RecommendRequest request, CancellationToken cancellation)
    {
        await foreach (RecommendationStep step in recommender.StreamAsync(request, cancellation).ConfigureAwait(false))
        {
            if (step.Answer is not { } answer)
            {
                await Console.Out.WriteAsync(step.ThinkingText).ConfigureAwait(false);
                await Console.Out.FlushAsync(cancellation).ConfigureAwait(false);
                continue;
            }

            if (answer.Thinking is { } thought)
            {
                await Console.Out.WriteLineAsync().ConfigureAwait(false);
                ThinkingText.WriteNotes(Console.Out, thought);
            }

            AnswerText.Write(Console.Out, answer);
        }
    }
}
