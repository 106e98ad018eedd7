using System.Text.Json;
using SIDReasoner.Runtime;

namespace SIDReasoner.Cli.Batch;

/// <summary>Lines of histories or prompts to rank for.</summary>
/// <param name="recommender">What answers.</param>
/// <param name="template">Everything but history and prompt.</param>
internal sealed class RecommendBatch(Recommender recommender, RecommendRequest template) : IBatchJob<RecommendRequest, Recommendation>
{
    public IReadOnlyList<string> Fields { get; } = ["history", "prompt_ids"];

    public string Fingerprint =>
        $"engine {recommender.Engine}, bundle {recommender.Bundle.Manifest.ModelDigest}/{recommender.Bundle.Manifest.CatalogHash}, k {template.K}, beams {template.BeamWidth}, "
        + $"score {(template.ScoreMode?.ToString() ?? "default").ToLowerInvariant()}, exclude-history {template.ExcludeHistory}, whole-history {template.RequireWholeHistory}, adapter {template.Adapter ?? "none"}, {ThinkingText.Describe(template.Thinking)}";

    public RecommendRequest Parse(string field, JsonElement value) =>
        field == "history" ? template with { History = BatchLine.ItemIds(field, value) } : template with { PromptIds = BatchLine.TokenIds(field, value) };

    public void Validate(RecommendRequest request) => recommender.Validate(request);

    public IAsyncEnumerable<Recommendation> AnswerAsync(IEnumerable<RecommendRequest> requests, CancellationToken cancellation) =>
        recommender.RecommendManyAsync(requests, cancellation);

    public void Write(Utf8JsonWriter json, Recommendation answer)
    {
        AnswerJson.WriteBody(json, answer);
        if (answer.PrefixTokens > 0)
        {
            json.WriteNumber("prefix_tokens", answer.PrefixTokens);
        }
    }
}
