using SIDReasoner.Core.Items;

namespace SIDReasoner.Train.Shop;

/// <summary>The shoppers of one kind: one row a user, users drawn apart.</summary>
/// <param name="Name">"plain" or "multi-hop"; also the split's folder.</param>
/// <param name="Train">Rows to fit on.</param>
/// <param name="Valid">Rows to choose settings on.</param>
/// <param name="Test">Rows to report on.</param>
public sealed record ShopSplit(string Name, IReadOnlyList<Interaction> Train, IReadOnlyList<Interaction> Valid, IReadOnlyList<Interaction> Test);
