using System.Text.Json;
using SIDReasoner.Core;
using SIDReasoner.Core.Text;
using SIDReasoner.Runtime;

namespace SIDReasoner.Cli.Batch;

/// <summary>Lines of conversations, texts or token ids to go on with.</summary>
/// <param name="model">What answers.</param>
/// <param name="template">Everything but the prompt.</param>
internal sealed class GenerateBatch(TextModel model, TextRequest template) : IBatchJob<TextRequest, GeneratedText>
{
    public IReadOnlyList<string> Fields { get; } = ["messages", "prompt", "prompt_ids"];

    public string Fingerprint =>
        $"engine {model.Engine}, bundle {model.Bundle.Manifest.ModelDigest}, max-tokens {template.MaxTokens}, adapter {template.Adapter ?? "none"}, {ThinkingText.Describe(template.Sampling)}, {ThinkingText.Describe(template.Thinking)}";

    public TextRequest Parse(string field, JsonElement value)
    {
        switch (field)
        {
            case "messages":
                BatchLine.RequireArray(field, value);
                return template with { Messages = [.. value.EnumerateArray().Select(ChatMessage.FromJson)] };
            case "prompt":
                return template with
                {
                    Prompt = value.ValueKind == JsonValueKind.String ? value.GetString() : throw new SidReasonerException($"prompt is a JSON {value.ValueKind}; expected a string"),
                };
            default:
                return template with { PromptIds = BatchLine.TokenIds(field, value) };
        }
    }

    public void Validate(TextRequest request) => model.Validate(request);

    public IAsyncEnumerable<GeneratedText> AnswerAsync(IEnumerable<TextRequest> requests, CancellationToken cancellation) => model.GenerateManyAsync(requests, cancellation);

    public void Write(Utf8JsonWriter json, GeneratedText answer)
    {
        GeneratedJson.WriteBody(json, answer);
        if (answer.PrefixTokens > 0)
        {
            json.WriteNumber("prefix_tokens", answer.PrefixTokens);
        }
    }
}
