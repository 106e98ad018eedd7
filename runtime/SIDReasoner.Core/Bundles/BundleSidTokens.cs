using System.Text.Json.Serialization;

namespace SIDReasoner.Core.Bundles;

/// <summary>The columns of <c>sid_logits</c>: their token ids, as a range where they are one, and their texts.</summary>
public sealed record BundleSidTokens
{
    /// <summary>First id of the range; null where the ids are no range.</summary>
    public int? FirstId { get; init; }

    /// <summary>Every id, ascending; null where <see cref="FirstId"/> says it all.</summary>
    public IReadOnlyList<int>? Ids { get; init; }

    /// <summary>Text of each column's token, such as <c>&lt;a_12&gt;</c>; one a column.</summary>
    public required IReadOnlyList<string> Texts { get; init; }

    /// <summary>Token id of each column, ascending.</summary>
    [JsonIgnore]
    public IReadOnlyList<int> TokenIds => FirstId is { } first ? [.. Enumerable.Range(first, Texts.Count)] : Ids ?? [];

    /// <summary>Describes columns, as a range where the ids are one.</summary>
    /// <param name="tokenIds">Ascending.</param>
    /// <param name="texts">In the same order.</param>
    public static BundleSidTokens Create(IReadOnlyList<int> tokenIds, IReadOnlyList<string> texts)
    {
        ArgumentNullException.ThrowIfNull(tokenIds);
        ArgumentNullException.ThrowIfNull(texts);
        if (tokenIds.Count != texts.Count)
            throw new ArgumentException($"tokenIds has {tokenIds.Count} entries and texts {texts.Count}; expected as many.");
        var isRange = tokenIds.Count > 0 && tokenIds[^1] - tokenIds[0] + 1 == tokenIds.Count;
        return new BundleSidTokens { FirstId = isRange ? tokenIds[0] : null, Ids = isRange ? null : [.. tokenIds], Texts = [.. texts] };
    }
}
