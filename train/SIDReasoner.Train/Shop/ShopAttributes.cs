namespace SIDReasoner.Train.Shop;

/// <summary>What an item of the shop is, as indexes into <see cref="ShopWords"/>.</summary>
/// <param name="Category">0 to 19.</param>
/// <param name="Brand">0 to 9.</param>
/// <param name="Tier">0 to 4.</param>
/// <param name="Color">0 to 7.</param>
public readonly record struct ShopAttributes(int Category, int Brand, int Tier, int Color)
{
    /// <summary>The item's title, "brand tier color category", for example "acme plus blue watch".</summary>
    public string Title => $"{ShopWords.Brands[Brand]} {ShopWords.Tiers[Tier]} {ShopWords.Colors[Color]} {ShopWords.Categories[Category]}";

    /// <summary>The same in a sentence, for example "A blue watch by acme, tier plus.".</summary>
    public string Description => $"A {ShopWords.Colors[Color]} {ShopWords.Categories[Category]} by {ShopWords.Brands[Brand]}, tier {ShopWords.Tiers[Tier]}.";
}
