using System.CommandLine;
using System.Globalization;
using SIDReasoner.Cli.Batch;
using SIDReasoner.Core;
using SIDReasoner.Core.Hosting;
using SIDReasoner.Core.Text;
using SIDReasoner.Runtime;

namespace SIDReasoner.Cli.Commands;

/// <summary><c>sidr generate</c>: text for one message or prompt, streamed, or for a file of them.</summary>
internal static class GenerateCommand
{
    public static Command Create()
    {
        Option<string> bundle = CommonOptions.Bundle();
        var message = new Option<string?>("--message") { Description = "What the user says; rendered by the checkpoint's chat template.", HelpName = "TEXT" };
        var prompt = new Option<string?>("--prompt") { Description = "A text to go on with, tokenised as it stands.", HelpName = "TEXT" };
        var promptIds = new Option<string?>("--prompt-ids") { Description = "Token ids to go on with, with commas between them.", HelpName = "N,N,.." };
        var input = new Option<string?>("--input") { Description = "Many: a line {\"id\", \"messages\": [{\"role\", \"content\"}]}, {\"id\", \"prompt\": text} or {\"id\", \"prompt_ids\": [token ids]} each.", HelpName = "FILE.jsonl" };
        Option<string?> output = CommonOptions.Output();
        var maxTokens = new Option<int>("--max-tokens") { Description = "Most tokens of the text, a thought not counted.", DefaultValueFactory = _ => 256, HelpName = "N" };
        Option<bool> skip = CommonOptions.SkipBadLines();
        var json = new Option<bool>("--json") { Description = "Print one JSON object instead of the text." };
        var thinking = new ThinkingArguments();
        Option<string?> adapter = CommonOptions.Adapter();
        var precision = new PrecisionArguments();
        var memory = new MemoryArguments();
        Option<string> engine = Engines.Option();
        Option<int> threads = CommonOptions.Threads();
        Option<int> parallel = CommonOptions.Parallel();
        var command = new Command("generate", "Writes text: an answer to a message, or the continuation of a prompt. A bundle without a catalogue will do.")
        {
            bundle, message, prompt, promptIds, input, output, maxTokens,
        };
        foreach (Option option in (IEnumerable<Option>)[.. thinking.Options, skip, json, adapter, .. precision.Options, .. memory.Options, engine, threads, parallel])
        {
            command.Options.Add(option);
        }

        command.SetAction((parsed, cancellation) => HostErrors.RunAsync(
            async () =>
            {
                string? inputPath = parsed.GetValue(input), outputPath = parsed.GetValue(output);
                CommonOptions.RequireOne(parsed, message, prompt, promptIds, input);
                CommonOptions.CheckFiles(inputPath, outputPath);
                thinking.Check(parsed, samplesText: true);
                if (parsed.GetValue(maxTokens) < 0)
                {
                    throw new SidReasonerException($"--max-tokens is {parsed.GetValue(maxTokens)}; expected at least 0.");
                }

                using TextModel model = TextModel.Open(
                    memory.Apply(parsed, precision.Apply(parsed, CommonOptions.Recommender(parsed.GetValue(bundle)!, parsed.GetValue(threads), parsed.GetValue(parallel)))), Engines.Loader(parsed.GetValue(engine)!));
                var request = new TextRequest
                {
                    MaxTokens = parsed.GetValue(maxTokens),
                    Adapter = parsed.GetValue(adapter),
                    Sampling = thinking.Sampling(parsed, model.GenerationConfig),
                    Thinking = thinking.Thinking(parsed, model.GenerationConfig),
                };
                if (inputPath is not null)
                {
                    await BatchRun.RunAsync(new GenerateBatch(model, request), inputPath, outputPath!, parsed.GetValue(skip), cancellation).ConfigureAwait(false);
                    return 0;
                }

                request = request with
                {
                    Messages = parsed.GetValue(message) is { } text ? [new ChatMessage("user", text)] : null,
                    Prompt = parsed.GetValue(prompt),
                    PromptIds = parsed.GetValue(promptIds) is { } ids ? CommonOptions.TokenIds(ids) : null,
                };
                if (parsed.GetValue(json))
                {
                    GeneratedJson.WriteOne(Console.Out, await model.GenerateAsync(request, cancellation).ConfigureAwait(false));
                }
                else
                {
                    await PrintAsync(model, request, cancellation).ConfigureAwait(false);
                }

                return 0;
            },
            Console.Error));
        return command;
    }

    private static async Task PrintAsync(TextModel model, TextRequest request, CancellationToken cancellation)
    {
        await foreach (TextStep step in model.StreamAsync(request, cancellation).ConfigureAwait(false))
        {
            if (step.Answer is not { } answer)
            {
                await Console.Out.WriteAsync(step.Piece).ConfigureAwait(false);
                await Console.Out.FlushAsync(cancellation).ConfigureAwait(false);
                continue;
            }

            await Console.Out.WriteLineAsync(answer.Text is null ? string.Join(',', answer.TokenIds) : "").ConfigureAwait(false);
            string end = answer.HasEnded ? "the model ended it" : "cut at the most tokens or the context";
            double perSecond = answer.TokenIds.Count / Math.Max(answer.Stages.Decode / 1000, 1e-9);
            await Console.Error.WriteLineAsync(string.Create(
                CultureInfo.InvariantCulture,
                $"{answer.PromptTokens} prompt tokens, {answer.TokenIds.Count} tokens of text ({end}), {answer.Precision} on {answer.Engine}; ms: prefill {answer.Stages.Prefill:F1}, thinking {answer.Stages.Thinking:F1}, text {answer.Stages.Decode:F1} ({perSecond:F0} tokens/s)")).ConfigureAwait(false);
        }
    }
}
