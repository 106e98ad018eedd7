using SIDReasoner.Train.Quantization;

namespace SIDReasoner.Train.Shop;

/// <summary>What is true in the shop: four tables to reason with, and the route that shoppers of the plain split follow. Immutable.</summary>
/// <remarks>Each row of a table is a permutation, so no answer is more popular than another. Numbers index <see cref="ShopWords"/>.</remarks>
public sealed class ShopFacts
{
    private ShopFacts(int[] route, int[] accessory, int[][] maker, int[][] addOn, int[][] level)
    {
        Route = route;
        Accessory = accessory;
        Maker = maker;
        AddOn = addOn;
        Level = level;
    }

    /// <summary>Category that plain shoppers look at after each category, [20], one cycle.</summary>
    public IReadOnlyList<int> Route { get; }

    /// <summary>Accessory of each category, a category, [20], one cycle.</summary>
    public IReadOnlyList<int> Accessory { get; }

    /// <summary>Who makes a category's accessories for a brand's customers: a brand by [category][brand], [20][10].</summary>
    public IReadOnlyList<IReadOnlyList<int>> Maker { get; }

    /// <summary>What a brand adds to a category: a category by [brand][category], [10][20].</summary>
    public IReadOnlyList<IReadOnlyList<int>> AddOn { get; }

    /// <summary>The tier a brand offers to owners of a tier: a tier by [brand][tier], [10][5].</summary>
    public IReadOnlyList<IReadOnlyList<int>> Level { get; }

    /// <summary>
    /// The attributes a multi-hop shopper buys next (its color follows from the catalog): with C0 the last item's category, M the most
    /// frequent brand, F and t the first item's category and tier: A = accessory(C0), B = maker(A, M), category addOn(B, F), tier level(B, t).
    /// </summary>
    /// <param name="history">The items bought so far, oldest first; one brand occurs more often than every other.</param>
    /// <exception cref="ArgumentException">The history is empty, or two brands are equally frequent.</exception>
    public (int Category, int Brand, int Tier) MultiHopAnswer(ReadOnlySpan<ShopAttributes> history)
    {
        if (history.IsEmpty)
        {
            throw new ArgumentException("The history is empty; expected at least one item.", nameof(history));
        }

        int favorite = FavoriteBrand(history);
        int accessory = Accessory[history[^1].Category];
        int brand = Maker[accessory][favorite];
        return (AddOn[brand][history[0].Category], brand, Level[brand][history[0].Tier]);
    }

    internal static ShopFacts Generate(long seed)
    {
        int categories = ShopWords.Categories.Count;
        int brands = ShopWords.Brands.Count;
        return new ShopFacts(
            Cycle(categories, new SplitMixRandom(seed, "shop/route")),
            Cycle(categories, new SplitMixRandom(seed, "shop/accessory")),
            Permutations(categories, brands, new SplitMixRandom(seed, "shop/maker")),
            Permutations(brands, categories, new SplitMixRandom(seed, "shop/add-on")),
            Permutations(brands, ShopWords.Tiers.Count, new SplitMixRandom(seed, "shop/level")));
    }

    private static int FavoriteBrand(ReadOnlySpan<ShopAttributes> history)
    {
        int[] counts = new int[ShopWords.Brands.Count];
        foreach (ShopAttributes item in history)
        {
            counts[item.Brand]++;
        }

        int most = counts.Max();
        if (counts.Count(count => count == most) > 1)
        {
            throw new ArgumentException($"Two brands occur {most} times each; expected one favorite brand.", nameof(history));
        }

        return Array.IndexOf(counts, most);
    }

    private static int[] Cycle(int count, SplitMixRandom random)
    {
        int[] order = random.Permutation(count);
        int[] next = new int[count];
        for (int i = 0; i < count; i++)
        {
            next[order[i]] = order[(i + 1) % count];
        }

        return next;
    }

    private static int[][] Permutations(int rows, int columns, SplitMixRandom random) =>
        Enumerable.Range(0, rows).Select(_ => random.Permutation(columns)).ToArray();
}
