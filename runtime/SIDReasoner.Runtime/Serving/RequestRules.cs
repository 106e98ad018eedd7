using SIDReasoner.Core;
using SIDReasoner.Core.Items;
using SIDReasoner.Decoding;
using SIDReasoner.Decoding.Thinking;

namespace SIDReasoner.Runtime.Serving;

/// <summary>What a request must fulfil before anything is computed for it.</summary>
internal static class RequestRules
{
    /// <summary>Checks a request against a bundle.</summary>
    /// <exception cref="SidReasonerException">The request cannot be answered: what was found and expected.</exception>
    public static void Check(RecommendRequest request, RankingAssets assets)
    {
        RequireRange(nameof(request.K), request.K);
        RequireRange(nameof(request.BeamWidth), request.BeamWidth);
        if (request.History is null == request.PromptIds is null)
        {
            throw new SidReasonerException($"{(request.History is null ? "neither" : "both")} history and prompt_ids; expected one of the two");
        }

        if (request.ExcludeHistory && request.History is null)
        {
            throw new SidReasonerException("prompt_ids cannot be combined with excluding the history; expected a history");
        }

        if ((request.ScoreMode ?? assets.DefaultScoreMode) == ScoreMode.Reference && assets.Bundle.Manifest.ReferenceEnd is null)
        {
            throw new SidReasonerException(
                $"score mode reference adds newline and end of turn to every SID, and bundle '{assets.Bundle.Path}' does not know their token ids (bundle.json: reference_end); export the checkpoint again with --reference-end A,B");
        }

        assets.Bundle.Manifest.FindAdapter(request.Adapter);
        if (request.Thinking is not null)
        {
            assets.Text.Thinking(request.Thinking, needsPrompt: true);
        }

        if (request.History is not null)
        {
            CheckHistory(request.History, assets.Catalog);
        }
        else
        {
            CheckPrompt(request.PromptIds!, assets.Bundle.Manifest.VocabSize, assets.Bundle.Manifest.Context);
        }
    }

    /// <summary>Refuses a prompt that the context does not hold.</summary>
    /// <exception cref="SidReasonerException">The prompt is too long.</exception>
    public static void CheckLength(int promptLength, int context)
    {
        if (promptLength > context)
        {
            throw new SidReasonerException($"the prompt has {promptLength} tokens; the bundle takes at most {context} (shorten it, or export with a larger --context)");
        }
    }

    /// <summary>Refuses an empty prompt, ids outside the vocabulary, and a prompt that the context does not hold.</summary>
    /// <exception cref="SidReasonerException">What was found and expected.</exception>
    public static void CheckPrompt(IReadOnlyList<int> prompt, int vocabSize, int context)
    {
        if (prompt.Count == 0)
        {
            throw new SidReasonerException("prompt_ids is empty; expected at least one token id");
        }

        foreach (int id in prompt)
        {
            if (id < 0 || id >= vocabSize)
            {
                throw new SidReasonerException($"prompt_ids holds {id}; expected token ids from 0 to {vocabSize - 1}");
            }
        }

        CheckLength(prompt.Count, context);
    }

    /// <summary>Refuses a thought that the context does not hold behind its prompt.</summary>
    /// <exception cref="SidReasonerException">The budget is too large for this prompt.</exception>
    public static void CheckThought(int promptLength, ThinkingOptions thinking, int context)
    {
        int needed = promptLength + ThinkingDecoder.TokensNeeded(thinking);
        if (needed > context)
        {
            throw new SidReasonerException(
                $"a prompt of {promptLength} tokens, a thinking budget of {thinking.Budget} and a closing of {thinking.ForcedClosing.Count} are {needed} tokens; the bundle takes at most {context} (use a budget of at most {Math.Max(0, context - promptLength - thinking.ForcedClosing.Count)}, or export with a larger --context)");
        }
    }

    private static void RequireRange(string name, int value)
    {
        if (value is < 1 or > SearchOptions.MaxBeamWidth)
        {
            throw new SidReasonerException($"{name} is {value}; expected 1 to {SearchOptions.MaxBeamWidth}");
        }
    }

    private static void CheckHistory(IReadOnlyList<string> history, ItemCatalog catalog)
    {
        if (history.Count == 0)
        {
            throw new SidReasonerException("the history is empty; expected at least one item id");
        }

        string[] unknown = [.. history.Where(id => !catalog.TryGetIndex(id, out _)).Distinct()];
        if (unknown.Length > 0)
        {
            throw new SidReasonerException(
                $"item {string.Join(", ", unknown.Select(id => $"'{id}'"))} {(unknown.Length == 1 ? "is" : "are")} not in the catalogue; expected ids of its {catalog.Items.Count} items, such as '{catalog.Items[0].Id}'");
        }
    }
}
