using System.Text.Json;

namespace SIDReasoner.Core.Text;

/// <summary>One turn of a conversation.</summary>
/// <param name="Role">"system", "user", "assistant", or what else the template knows.</param>
/// <param name="Content">What was said; null only where the template allows it (a turn of tool calls alone).</param>
public sealed record ChatMessage(string Role, string? Content)
{
    /// <summary>The thought before an answer, apart from it; null, the default, leaves it undefined for the template.</summary>
    public string? ReasoningContent { get; init; }

    /// <summary>Further fields that the template may read, such as tool_calls. Default none.</summary>
    public IReadOnlyDictionary<string, JsonElement> OtherFields { get; init; } = new Dictionary<string, JsonElement>();

    /// <summary>Reads a message as chat APIs write it: an object with "role", "content" and perhaps "reasoning_content".</summary>
    /// <param name="element">The JSON.</param>
    /// <returns>The message; fields besides the three are kept in <see cref="OtherFields"/>.</returns>
    /// <exception cref="SidReasonerException">No object, no role, or a field of the wrong kind.</exception>
    public static ChatMessage FromJson(JsonElement element)
    {
        if (element.ValueKind != JsonValueKind.Object)
            throw new SidReasonerException($"A message is {Kind(element)}; expected an object with \"role\" and \"content\".");
        var others = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
        foreach (JsonProperty property in element.EnumerateObject())
        {
            if (property.Name is not ("role" or "content" or "reasoning_content"))
                others[property.Name] = property.Value.Clone();
        }

        string role = Field(element, "role") ?? throw new SidReasonerException("A message has no \"role\"; expected \"system\", \"user\" or \"assistant\".");
        string? content = Field(element, "content");
        if (content is null && others.Count == 0)
            throw new SidReasonerException($"A message of role '{role}' has no \"content\"; expected a string.");
        return new ChatMessage(role, content) { ReasoningContent = Field(element, "reasoning_content"), OtherFields = others };
    }

    private static string? Field(JsonElement message, string name)
    {
        if (!message.TryGetProperty(name, out JsonElement value) || value.ValueKind == JsonValueKind.Null)
            return null;
        return value.ValueKind == JsonValueKind.String
            ? value.GetString()
            : throw new SidReasonerException($"A message's \"{name}\" is {Kind(value)}; expected a string.");
    }

    private static string Kind(JsonElement element) => Checkpoints.JsonFile.Name(element.ValueKind);
}
