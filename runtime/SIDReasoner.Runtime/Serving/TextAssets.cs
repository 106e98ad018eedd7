using SIDReasoner.Core;
using SIDReasoner.Core.Configuration;
using SIDReasoner.Core.Text;
using SIDReasoner.Decoding.Thinking;
using SIDReasoner.Runtime.Bundles;

namespace SIDReasoner.Runtime.Serving;

/// <summary>What text needs of a bundle beside the model: tokenizer, wording, chat template, end tokens. Shared by all lanes.</summary>
internal sealed class TextAssets
{
    /// <summary>How a Qwen3 thought is closed, for checkpoints that bring no prompt.json.</summary>
    private const string CommonThinkClose = "\n</think>\n\n";

    private readonly Bundle _bundle;
    private readonly Lazy<ChatTemplate> _chat;

    private TextAssets(Bundle bundle, ByteLevelBpeTokenizer? tokenizer, PromptTemplate? prompt, GenerationConfig? generation)
    {
        _bundle = bundle;
        _chat = new Lazy<ChatTemplate>(() => ChatTemplate.Load(bundle.Path));
        Tokenizer = tokenizer;
        Prompt = prompt;
        Generation = generation;
        StopTokens = FindStopTokens();
    }

    /// <summary>The tokenizer; null in a bundle that takes token ids only.</summary>
    public ByteLevelBpeTokenizer? Tokenizer { get; }

    /// <summary>prompt.json; null where the checkpoint brought none.</summary>
    public PromptTemplate? Prompt { get; }

    /// <summary>generation_config.json; null where the checkpoint brought none.</summary>
    public GenerationConfig? Generation { get; }

    /// <summary>Tokens that end a turn or a text.</summary>
    public IReadOnlyList<int> StopTokens { get; }

    public static TextAssets Open(Bundle bundle) => new(
        bundle,
        File.Exists(bundle.FilePath(ByteLevelBpeTokenizer.FileName)) ? ByteLevelBpeTokenizer.Load(bundle.Path) : null,
        PromptTemplate.TryLoad(bundle.Path),
        GenerationConfig.TryLoad(bundle.Path));

    /// <summary>The token ids of a text as it stands.</summary>
    public int[] Encode(string text) => RequireTokenizer().Encode(text);

    /// <summary>The token ids of a conversation, up to where the model's next turn begins.</summary>
    public int[] Encode(IReadOnlyList<ChatMessage> messages, bool thinks) =>
        RequireTokenizer().Encode(_chat.Value.Render(messages, new ChatTemplateOptions { AddGenerationPrompt = true, EnableThinking = thinks }));

    /// <summary>How a request's thought is closed and sampled.</summary>
    /// <param name="request">What was asked for.</param>
    /// <param name="needsPrompt">Whether prompt.json must say how; else Qwen3's closing serves without it.</param>
    /// <exception cref="SidReasonerException">The bundle cannot think: what it lacks.</exception>
    public ThinkingOptions Thinking(ThinkingRequest request, bool needsPrompt)
    {
        request.Validate();
        ByteLevelBpeTokenizer tokenizer = RequireTokenizer();
        PromptTemplate? template = Prompt is { CanThink: true } || needsPrompt ? Prompt : new PromptTemplate { UserThink = "{history}", ThinkClose = CommonThinkClose };
        if (template is null)
        {
            throw new SidReasonerException($"bundle '{_bundle.Path}' has no {PromptTemplate.FileName}, so it does not say how a thought is closed; leave thinking out");
        }

        return ThinkingOptions.FromPrompt(template, tokenizer, StopTokens) with { Budget = request.Budget, Sampling = request.Sampling };
    }

    private ByteLevelBpeTokenizer RequireTokenizer() => Tokenizer
        ?? throw new SidReasonerException($"bundle '{_bundle.Path}' has no {ByteLevelBpeTokenizer.FileName}, so it takes prompt_ids only; put the file into the checkpoint and export it again");

    private int[] FindStopTokens()
    {
        var tokens = new SortedSet<int>(Generation is { EosTokenIds.Count: > 0 } ? Generation.EosTokenIds : _bundle.Config.EosTokenIds);
        if (Prompt is { ReplyEnd: { Length: > 0 } end } && Tokenizer is not null && Tokenizer.TryGetTokenId(end, out int turnEnd))
        {
            tokens.Add(turnEnd);
        }

        return [.. tokens];
    }
}
