using System.Runtime.CompilerServices;
using Microsoft.Extensions.AI;
using SIDReasoner.Core;
using SIDReasoner.Decoding.Sampling;

namespace SIDReasoner.Runtime.GenAI;

/// <summary>A bundle as Microsoft.Extensions.AI's chat client: programs written to <see cref="IChatClient"/> talk to it, its thoughts as reasoning content.</summary>
/// <remarks>
/// Safe for parallel callers, as the model under it. Works on either engine, since it speaks to a <see cref="TextModel"/>. Nothing is
/// sampled unless a temperature is given, and nothing is thought unless <see cref="ThinkingBudget"/> or
/// <see cref="ChatOptions.Reasoning"/> asks for it. What a bundle cannot do (tools, stop sequences, answers in a given form, other
/// content than text) is refused, never left out silently.
/// </remarks>
public sealed class BundleChatClient : IChatClient
{
    /// <summary>Most tokens of a reply where the caller gives none.</summary>
    public const int DefaultMaxOutputTokens = 1024;

    private readonly TextModel _model;
    private readonly ChatClientMetadata _metadata;

    /// <summary>Makes a client, which owns the model.</summary>
    /// <param name="model">A bundle with a tokenizer and a chat template.</param>
    public BundleChatClient(TextModel model)
    {
        ArgumentNullException.ThrowIfNull(model);
        _model = model;
        _metadata = new ChatClientMetadata("sidreasoner", providerUri: null, Path.GetFileName(model.Bundle.Path));
    }

    /// <summary>Most tokens of the thought before a reply, where a call does not say itself; null, the default, for no thought.</summary>
    public int? ThinkingBudget { get; init; }

    /// <summary>A LoRA adapter of the bundle for every reply; null, the default, for the model as it is.</summary>
    public string? Adapter { get; init; }

    /// <inheritdoc/>
    /// <exception cref="SidReasonerException">The conversation or an option cannot be answered: what was found and expected.</exception>
    public async Task<ChatResponse> GetResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        var answer = await _model.GenerateAsync(Request(messages, options), cancellationToken).ConfigureAwait(false);
        var contents = new List<AIContent>();
        if (answer.Thinking is { Text.Length: > 0 } thought && ShowsThought(options))
            contents.Add(new TextReasoningContent(thought.Text));
        contents.Add(new TextContent(answer.Text ?? ""));
        return new ChatResponse(new ChatMessage(ChatRole.Assistant, contents))
        {
            FinishReason = Reason(answer),
            ModelId = _metadata.DefaultModelId,
            Usage = Usage(answer),
            RawRepresentation = answer,
        };
    }

    /// <inheritdoc/>
    /// <exception cref="SidReasonerException">The conversation or an option cannot be answered: what was found and expected.</exception>
    public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await foreach (var step in _model.StreamAsync(Request(messages, options), cancellationToken).ConfigureAwait(false))
        {
            if (step.Answer is { } answer)
            {
                yield return new ChatResponseUpdate(ChatRole.Assistant, [new UsageContent(Usage(answer))])
                {
                    FinishReason = Reason(answer),
                    ModelId = _metadata.DefaultModelId,
                    RawRepresentation = answer,
                };
            }
            else if (!step.IsThought || ShowsThought(options))
            {
                AIContent content = step.IsThought ? new TextReasoningContent(step.Piece) : new TextContent(step.Piece);
                yield return new ChatResponseUpdate(ChatRole.Assistant, [content]) { ModelId = _metadata.DefaultModelId };
            }
        }
    }

    /// <inheritdoc/>
    public object? GetService(Type serviceType, object? serviceKey = null)
    {
        ArgumentNullException.ThrowIfNull(serviceType);
        return serviceKey is not null ? null
            : serviceType == typeof(ChatClientMetadata) ? _metadata
            : serviceType == typeof(TextModel) ? _model
            : serviceType.IsInstanceOfType(this) ? this
            : null;
    }

    /// <summary>Frees the model. No call may be running.</summary>
    public void Dispose() => _model.Dispose();

    private TextRequest Request(IEnumerable<ChatMessage> messages, ChatOptions? options)
    {
        ArgumentNullException.ThrowIfNull(messages);
        Refuse(options);
        var turns = new List<Core.Text.ChatMessage>();
        if (options?.Instructions is { Length: > 0 } instructions)
            turns.Add(new Core.Text.ChatMessage(ChatRole.System.Value, instructions));
        foreach (var message in messages)
        {
            foreach (var content in message.Contents)
            {
                if (content is not (TextContent or TextReasoningContent))
                    throw new SidReasonerException($"message {turns.Count + 1} ('{message.Role}') holds {content.GetType().Name}; a bundle reads text alone");
            }

            turns.Add(new Core.Text.ChatMessage(message.Role.Value, message.Text) { ReasoningContent = Reasoning(message) });
        }

        return new TextRequest
        {
            Messages = turns,
            Adapter = Adapter,
            MaxTokens = options?.MaxOutputTokens ?? DefaultMaxOutputTokens,
            Sampling = Sampling(options),
            Thinking = Budget(options) is { } budget ? new ThinkingRequest { Budget = budget, Sampling = Sampling(options) } : null,
        };
    }

    private static void Refuse(ChatOptions? options)
    {
        var found = options is null ? null
            : options.Tools is { Count: > 0 } ? "tools"
            : options.StopSequences is { Count: > 0 } ? "stop sequences"
            : options.ResponseFormat is ChatResponseFormatJson ? "an answer as JSON"
            : options.FrequencyPenalty is not null and not 0 ? "a frequency penalty"
            : options.PresencePenalty is not null and not 0 ? "a presence penalty"
            : null;
        if (found is not null)
            throw new SidReasonerException($"the chat options ask for {found}, which a bundle does not do; leave it out");
    }

    private static SamplingOptions Sampling(ChatOptions? options) => options?.Temperature is null or 0
        ? SamplingOptions.Greedy
        : new SamplingOptions
        {
            Samples = true,
            Temperature = options.Temperature.Value,
            TopK = options.TopK ?? 0,
            TopP = options.TopP ?? 1,
            Seed = unchecked((ulong)(options.Seed ?? 0)),
        };

    /// <summary>Efforts as tokens: a quarter and four times the usual budget around the usual one.</summary>
    private int? Budget(ChatOptions? options) => options?.Reasoning?.Effort switch
    {
        null => ThinkingBudget,
        ReasoningEffort.None => null,
        ReasoningEffort.Low => 64,
        ReasoningEffort.Medium => 256,
        _ => 1024,
    };

    private static bool ShowsThought(ChatOptions? options) => options?.Reasoning?.Output != ReasoningOutput.None;

    private static string? Reasoning(ChatMessage message)
    {
        var text = string.Concat(message.Contents.OfType<TextReasoningContent>().Select(content => content.Text));
        return text.Length > 0 ? text : null;
    }

    private static ChatFinishReason Reason(GeneratedText answer) => answer.HasEnded ? ChatFinishReason.Stop : ChatFinishReason.Length;

    private static UsageDetails Usage(GeneratedText answer)
    {
        var thought = answer.Thinking?.TokenIds.Count ?? 0;
        var output = answer.TokenIds.Count + thought;
        return new UsageDetails
        {
            InputTokenCount = answer.PromptTokens,
            OutputTokenCount = output,
            TotalTokenCount = answer.PromptTokens + output,
            ReasoningTokenCount = thought,
        };
    }
}
