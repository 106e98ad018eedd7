using SIDReasoner.Core.SemanticIds;

namespace SIDReasoner.Runtime;

/// <summary>What a model thought before it answered.</summary>
/// <param name="Text">The tokens' text, think tags included where the model wrote them.</param>
/// <param name="TokenIds">The tokens that the model generated; a closing by force is not among them.</param>
/// <param name="IsClosed">Whether the model closed the thought itself within the budget.</param>
/// <param name="Mentions">The SIDs that the text names, each once, in order of first mention.</param>
public sealed record Thought(string Text, IReadOnlyList<int> TokenIds, bool IsClosed, IReadOnlyList<SidMention> Mentions);

/// <summary>A SID that a thought names.</summary>
/// <param name="Sid">The SID, or what the model wrote of one.</param>
/// <param name="ItemIds">The items that bear it; none where the catalogue does not know it.</param>
/// <param name="Title">The first item's title; null where the catalogue does not know the SID.</param>
public sealed record SidMention(SemanticId Sid, IReadOnlyList<string> ItemIds, string? Title)
{
    /// <summary>Whether the catalogue knows the SID.</summary>
    public bool IsKnown => Title is not null;
}
