using System.Text.Json;

namespace SIDReasoner.Core.Text;

/// <summary>How a conversation is rendered; the names and meanings are those of transformers' apply_chat_template.</summary>
public sealed record ChatTemplateOptions
{
    /// <summary>Whether the start of the assistant's next turn is written behind the last message. Default false.</summary>
    public bool AddGenerationPrompt { get; init; }

    /// <summary>
    /// What the template sees as enable_thinking; null, the default, leaves it undefined. Qwen3 writes an empty think block for false,
    /// and only together with <see cref="AddGenerationPrompt"/>.
    /// </summary>
    public bool? EnableThinking { get; init; }

    /// <summary>Whether the rendering ends with the last message's content, so that a model goes on with it. Default false; excludes <see cref="AddGenerationPrompt"/>.</summary>
    public bool ContinueFinalMessage { get; init; }

    /// <summary>Descriptions of tools, each an object; null, the default, where there are none.</summary>
    public IReadOnlyList<JsonElement>? Tools { get; init; }

    /// <summary>Further variables of the template. Default none.</summary>
    public IReadOnlyDictionary<string, JsonElement> Variables { get; init; } = new Dictionary<string, JsonElement>();

    /// <summary>The clock that a template's strftime_now reads. Default the system's.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;
}
