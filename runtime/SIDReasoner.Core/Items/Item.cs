using SIDReasoner.Core.SemanticIds;

namespace SIDReasoner.Core.Items;

/// <summary>One thing that can be recommended.</summary>
/// <param name="Id">The shop's id, unique in a catalogue, not empty.</param>
/// <param name="Title">What people read.</param>
/// <param name="Sid">Its Semantic ID, which other items may share.</param>
public sealed record Item(string Id, string Title, SemanticId Sid)
{
    /// <summary>Longer text; empty where there is none.</summary>
    public string Description { get; init; } = "";

    /// <summary>Brand; empty where there is none.</summary>
    public string Brand { get; init; } = "";

    /// <summary>Categories as the source has them; empty where there are none.</summary>
    public string Categories { get; init; } = "";
}
