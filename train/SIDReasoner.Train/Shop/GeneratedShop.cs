using SIDReasoner.Core.Items;

namespace SIDReasoner.Train.Shop;

/// <summary>A shop in memory: catalog, facts and histories. Immutable.</summary>
/// <param name="Options">What it was made from.</param>
/// <param name="Catalog">The 1,000 items with titles and SIDs; item ids are "0" to "999".</param>
/// <param name="Attributes">What each item is, in catalog order.</param>
/// <param name="Facts">What is true in the shop.</param>
/// <param name="UnseenItems">Items that never are the answer of a multi-hop training row, ascending.</param>
/// <param name="Plain">Histories that are learnable directly, and not by popularity.</param>
/// <param name="MultiHop">Histories whose next item needs four facts one after another.</param>
public sealed record GeneratedShop(
    ShopOptions Options,
    ItemCatalog Catalog,
    IReadOnlyList<ShopAttributes> Attributes,
    ShopFacts Facts,
    IReadOnlyList<int> UnseenItems,
    ShopSplit Plain,
    ShopSplit MultiHop)
{
    /// <summary>
    /// Writes <c>index.json</c>, <c>item.json</c>, <c>info.txt</c> and <c>facts.json</c> into <paramref name="folder"/> and
    /// <c>train.csv</c>, <c>valid.csv</c>, <c>test.csv</c> into its folders <c>plain</c> and <c>multi-hop</c>: MiniOneRec's files, so what reads
    /// real data reads these. Each file appears whole or not at all; files of those names are replaced. See docs/formats/shop.md.
    /// </summary>
    public void Write(string folder) => new ShopWriter(this).Write(folder);
}
