namespace SIDReasoner.Core.Items;

/// <summary>What a user had bought, and what came next.</summary>
/// <param name="UserId">The user as the file names them.</param>
/// <param name="History">Item indexes, oldest first; not empty.</param>
/// <param name="Target">Index of the item that came next.</param>
public sealed record Interaction(string UserId, IReadOnlyList<int> History, int Target);
