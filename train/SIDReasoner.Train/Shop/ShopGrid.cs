namespace SIDReasoner.Train.Shop;

/// <summary>Finds the shop's item of a category, brand and tier: there is exactly one.</summary>
internal sealed class ShopGrid
{
    private readonly ShopAttributes[] _items;
    private readonly int[,,] _indexes = new int[ShopWords.Categories.Count, ShopWords.Brands.Count, ShopWords.Tiers.Count];

    public ShopGrid(ShopAttributes[] items)
    {
        _items = items;
        for (int i = 0; i < items.Length; i++)
        {
            _indexes[items[i].Category, items[i].Brand, items[i].Tier] = i;
        }
    }

    public int Count => _items.Length;

    public ShopAttributes this[int item] => _items[item];

    public int IndexOf(int category, int brand, int tier) => _indexes[category, brand, tier];
}
