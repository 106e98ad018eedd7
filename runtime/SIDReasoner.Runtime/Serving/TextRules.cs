using SIDReasoner.Core;
using SIDReasoner.Decoding.Generation;
using SIDReasoner.Decoding.Thinking;
using SIDReasoner.Runtime.Bundles;

namespace SIDReasoner.Runtime.Serving;

/// <summary>A checked text request.</summary>
/// <param name="Prompt">Its token ids.</param>
/// <param name="Thinking">How it thinks; null for no thought.</param>
/// <param name="Generation">How it goes on.</param>
internal sealed record PreparedText(int[] Prompt, ThinkingOptions? Thinking, GenerationOptions Generation);

/// <summary>What a text request must fulfil before anything is computed for it.</summary>
internal static class TextRules
{
    /// <exception cref="SidReasonerException">The request cannot be answered: what was found and expected.</exception>
    public static PreparedText Prepare(TextRequest request, Bundle bundle, TextAssets assets)
    {
        ArgumentNullException.ThrowIfNull(request);
        int given = (request.Messages is null ? 0 : 1) + (request.Prompt is null ? 0 : 1) + (request.PromptIds is null ? 0 : 1);
        if (given != 1)
        {
            throw new SidReasonerException($"{(given == 0 ? "none" : "more than one")} of messages, prompt and prompt_ids; expected exactly one");
        }

        if (request.Messages is { Count: 0 })
        {
            throw new SidReasonerException("messages is empty; expected at least one message");
        }

        bundle.Manifest.FindAdapter(request.Adapter);
        var generation = new GenerationOptions { MaxTokens = request.MaxTokens, Sampling = request.Sampling, StopTokens = assets.StopTokens };
        generation.Validate();
        ThinkingOptions? thinking = request.Thinking is null ? null : assets.Thinking(request.Thinking, needsPrompt: false);
        int[] prompt = request.Messages is not null ? assets.Encode(request.Messages, request.Thinking is not null)
            : request.Prompt is not null ? assets.Encode(request.Prompt)
            : [.. request.PromptIds!];
        RequestRules.CheckPrompt(prompt, bundle.Manifest.VocabSize, bundle.Manifest.Context);
        if (thinking is not null)
        {
            RequestRules.CheckThought(prompt.Length, thinking, bundle.Manifest.Context);
        }

        return new PreparedText(prompt, thinking, generation);
    }
}
