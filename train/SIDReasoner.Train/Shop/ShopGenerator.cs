using System.ComponentModel.DataAnnotations;
using SIDReasoner.Core.Items;
using SIDReasoner.Core.SemanticIds;
using SIDReasoner.Train.Quantization;

namespace SIDReasoner.Train.Shop;

/// <summary>Makes the shop that the quickstart trains on: no download, and the same bytes from the same seed everywhere.</summary>
public static class ShopGenerator
{
    private const int ShortestHistory = 5;
    private const int LongestHistory = 7;
    private const int FavoriteCount = 3;

    /// <summary>Generates catalog, facts and histories; well below two seconds.</summary>
    /// <exception cref="ValidationException">An option is out of range.</exception>
    public static GeneratedShop Generate(ShopOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        Validator.ValidateObject(options, new ValidationContext(options), validateAllProperties: true);
        ShopAttributes[] items = GenerateItems(options.Seed);
        ShopFacts facts = ShopFacts.Generate(options.Seed);
        int[] unseen = new SplitMixRandom(options.Seed, "shop/unseen").Permutation(items.Length)[..(int)(items.Length * options.UnseenRate)];
        Array.Sort(unseen);
        var grid = new ShopGrid(items);

        return new GeneratedShop(
            options,
            BuildCatalog(items, options.Seed),
            items,
            facts,
            unseen,
            Split("plain", options, (_, random) => PlainHistory(grid, facts, options.NoiseRate, random)),
            Split("multi-hop", options, (part, random) => MultiHopHistory(grid, facts, part == "train" ? unseen : [], random)));
    }

    private static ShopAttributes[] GenerateItems(long seed)
    {
        var random = new SplitMixRandom(seed, "shop/items");
        int[] colors = random.Permutation(ShopWords.ItemCount);
        var items = new ShopAttributes[ShopWords.ItemCount];
        int next = 0;
        for (int category = 0; category < ShopWords.Categories.Count; category++)
        {
            for (int brand = 0; brand < ShopWords.Brands.Count; brand++)
            {
                for (int tier = 0; tier < ShopWords.Tiers.Count; tier++)
                {
                    items[next] = new ShopAttributes(category, brand, tier, colors[next] % ShopWords.Colors.Count);
                    next++;
                }
            }
        }

        // Item numbers say nothing about the item.
        random.Shuffle<ShopAttributes>(items);
        return items;
    }

    private static ItemCatalog BuildCatalog(ShopAttributes[] items, long seed)
    {
        TfIdfMatrix weights = TfIdfMatrix.FromTexts(items.Select(item => item.Title).ToList());
        RqKMeansResult codes = RqKMeans.Fit(weights.ToDense(), weights.ColumnCount, new RqKMeansOptions
        {
            LevelCount = 3,
            CodesPerLevel = 32,
            MaxIterations = 25,
            Restarts = 1,
            Seed = seed,
        });
        IReadOnlyList<SemanticId> sids = codes.ToSemanticIds();
        return new ItemCatalog(items.Select((item, index) => new Item($"{index}", item.Title, sids[index])
        {
            Description = item.Description,
            Brand = ShopWords.Brands[item.Brand],
            Categories = ShopWords.Categories[item.Category],
        }).ToList());
    }

    private static ShopSplit Split(string name, ShopOptions options, Func<string, SplitMixRandom, int[]> draw)
    {
        // Test users come first and each part has a stream of its own, so they stay the same however many training users are asked for.
        var keptApart = new HashSet<string>(StringComparer.Ordinal);
        List<Interaction> test = Part("test", options.TrainUsers + options.ValidUsers, options.TestUsers);
        KeepApart(test);
        List<Interaction> valid = Part("valid", options.TrainUsers, options.ValidUsers);
        KeepApart(valid);
        return new ShopSplit(name, Part("train", 0, options.TrainUsers), valid, test);

        List<Interaction> Part(string part, int firstUser, int users)
        {
            var random = new SplitMixRandom(options.Seed, $"shop/{name}/{part}");
            var rows = new List<Interaction>(users);
            while (rows.Count < users)
            {
                int[] bought = draw(part, random);
                if (!keptApart.Contains(HistoryKey(bought[..^1])))
                {
                    rows.Add(new Interaction($"{char.ToUpperInvariant(name[0])}{firstUser + rows.Count}", bought[..^1], bought[^1]));
                }
            }

            return rows;
        }

        void KeepApart(List<Interaction> rows) => keptApart.UnionWith(rows.Select(row => HistoryKey(row.History)));
    }

    private static string HistoryKey(IEnumerable<int> history) => string.Join(' ', history);

    // The category follows the route, the brand is the one two items back, the tier stays; now and then any item.
    private static int[] PlainHistory(ShopGrid grid, ShopFacts facts, double noiseRate, SplitMixRandom random)
    {
        int[] bought = new int[ShortestHistory + random.NextInt(LongestHistory - ShortestHistory + 1) + 1];
        bought[0] = random.NextInt(grid.Count);
        for (int i = 1; i < bought.Length; i++)
        {
            if (random.NextDouble() < noiseRate)
            {
                bought[i] = random.NextInt(grid.Count);
                continue;
            }

            ShopAttributes last = grid[bought[i - 1]];
            int brand = i < 2 ? random.NextInt(ShopWords.Brands.Count) : grid[bought[i - 2]].Brand;
            bought[i] = grid.IndexOf(facts.Route[last.Category], brand, last.Tier);
        }

        return bought;
    }

    // One brand three times, others once or twice, all else random; the answer follows from the facts.
    private static int[] MultiHopHistory(ShopGrid grid, ShopFacts facts, int[] refused, SplitMixRandom random)
    {
        while (true)
        {
            int length = ShortestHistory + random.NextInt(LongestHistory - ShortestHistory + 1);
            int[] bought = new int[length + 1];
            int[] brands = DrawBrands(length, random);
            for (int i = 0; i < length; i++)
            {
                bought[i] = grid.IndexOf(random.NextInt(ShopWords.Categories.Count), brands[i], random.NextInt(ShopWords.Tiers.Count));
            }

            ShopAttributes[] history = bought[..length].Select(item => grid[item]).ToArray();
            (int category, int brand, int tier) = facts.MultiHopAnswer(history);
            bought[length] = grid.IndexOf(category, brand, tier);
            if (Array.BinarySearch(refused, bought[length]) < 0)
            {
                return bought;
            }
        }
    }

    private static int[] DrawBrands(int length, SplitMixRandom random)
    {
        int[] brands = new int[length];
        int[] counts = new int[ShopWords.Brands.Count];
        int favorite = random.NextInt(counts.Length);
        Array.Fill(brands, favorite, 0, FavoriteCount);
        counts[favorite] = FavoriteCount;
        for (int i = FavoriteCount; i < length; i++)
        {
            do
            {
                brands[i] = random.NextInt(counts.Length);
            }
            while (counts[brands[i]] >= FavoriteCount - 1);

            counts[brands[i]]++;
        }

        random.Shuffle<int>(brands);
        return brands;
    }
}
