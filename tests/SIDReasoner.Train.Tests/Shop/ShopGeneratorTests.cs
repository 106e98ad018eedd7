using System.ComponentModel.DataAnnotations;
using SIDReasoner.Core.Items;
using SIDReasoner.Train.Shop;

namespace SIDReasoner.Train.Tests.Shop;

public class ShopGeneratorTests
{
    private static readonly GeneratedShop s_shop = ShopGenerator.Generate(new ShopOptions());

    [Fact]
    public void Generate_Catalog_IsTheFullGridWithASidEach()
    {
        IReadOnlyList<Item> items = s_shop.Catalog.Items;

        Assert.Equal(1000, items.Count);
        Assert.Equal(1000, items.Select(item => item.Title).Distinct().Count());
        Assert.Equal(1000, items.Select(item => item.Sid).Distinct().Count());
        Assert.Equal(Enumerable.Range(0, 1000).Select(i => $"{i}"), items.Select(item => item.Id));
        Assert.All(items, item => Assert.Equal(3, item.Sid.Depth));
        Assert.Equal(1000, s_shop.Attributes.Select(item => (item.Category, item.Brand, item.Tier)).Distinct().Count());
        Assert.All(s_shop.Attributes.GroupBy(item => item.Color), color => Assert.Equal(125, color.Count()));
    }

    [Fact]
    public void Generate_Sids_FollowTheTitles()
    {
        // Items that share the first code share more words than any two items do.
        var pairs = s_shop.Catalog.Items.Zip(s_shop.Attributes).ToList();

        double near = pairs.GroupBy(pair => pair.First.Sid.Tokens[0]).Average(group => MeanSharedWords([.. group.Select(pair => pair.Second)]));

        Assert.True(near > 1.5 * MeanSharedWords([.. s_shop.Attributes]), $"found {near} shared words");
    }

    [Fact]
    public void Generate_Facts_ArePermutations()
    {
        ShopFacts facts = s_shop.Facts;

        Assert.All([facts.Route, facts.Accessory], cycle => Assert.Equal(20, CycleLength(cycle)));
        Assert.Equal(20, facts.Maker.Count);
        Assert.Equal(10, facts.AddOn.Count);
        Assert.Equal(10, facts.Level.Count);
        Assert.All(facts.Maker, row => Assert.Equal(Enumerable.Range(0, 10), row.Order()));
        Assert.All(facts.AddOn, row => Assert.Equal(Enumerable.Range(0, 20), row.Order()));
        Assert.All(facts.Level, row => Assert.Equal(Enumerable.Range(0, 5), row.Order()));
    }

    [Fact]
    public void Generate_Splits_HaveTheirSizesAndTheirOwnUsers()
    {
        foreach (ShopSplit split in new[] { s_shop.Plain, s_shop.MultiHop })
        {
            Assert.Equal((4000, 400, 400), (split.Train.Count, split.Valid.Count, split.Test.Count));
            Interaction[] all = [.. split.Train, .. split.Valid, .. split.Test];
            Assert.Equal(4800, all.Select(row => row.UserId).Distinct().Count());
            Assert.All(all, row => Assert.InRange(row.History.Count, 5, 7));
            var trained = split.Train.Concat(split.Valid).Select(History).ToHashSet();
            Assert.DoesNotContain(split.Test, row => trained.Contains(History(row)));
        }
    }

    [Fact]
    public void Generate_MultiHopRow_FollowsFromTheFacts()
    {
        foreach (Interaction row in s_shop.MultiHop.Train.Concat(s_shop.MultiHop.Valid).Concat(s_shop.MultiHop.Test))
        {
            ShopAttributes[] history = row.History.Select(item => s_shop.Attributes[item]).ToArray();
            int[] brandCounts = history.GroupBy(item => item.Brand).Select(group => group.Count()).OrderDescending().ToArray();
            ShopAttributes target = s_shop.Attributes[row.Target];

            Assert.Equal(3, brandCounts[0]);
            Assert.All(brandCounts[1..], count => Assert.InRange(count, 1, 2));
            Assert.Equal(s_shop.Facts.MultiHopAnswer(history), (target.Category, target.Brand, target.Tier));
        }
    }

    [Fact]
    public void Generate_UnseenItems_AreNoTrainingAnswerButTestAnswers()
    {
        Assert.Equal(150, s_shop.UnseenItems.Distinct().Count());
        Assert.Empty(s_shop.MultiHop.Train.Select(row => row.Target).Intersect(s_shop.UnseenItems));
        Assert.InRange(s_shop.MultiHop.Test.Count(row => s_shop.UnseenItems.Contains(row.Target)), 30, 90);
    }

    [Fact]
    public void Generate_PlainSteps_FollowTheRouteButForTheNoise()
    {
        int steps = 0;
        int followed = 0;
        foreach (Interaction row in s_shop.Plain.Train)
        {
            ShopAttributes[] bought = row.History.Append(row.Target).Select(item => s_shop.Attributes[item]).ToArray();
            for (int i = 2; i < bought.Length; i++)
            {
                steps++;
                followed += bought[i].Category == s_shop.Facts.Route[bought[i - 1].Category] && bought[i].Tier == bought[i - 1].Tier && bought[i].Brand == bought[i - 2].Brand ? 1 : 0;
            }
        }

        Assert.InRange((double)followed / steps, 0.84, 0.86);
    }

    [Fact]
    public void Generate_FewerTrainUsers_LeavesTheTestRowsAsTheyAre()
    {
        GeneratedShop small = ShopGenerator.Generate(new ShopOptions { TrainUsers = 10, ValidUsers = 5 });

        Assert.Equal(s_shop.MultiHop.Test.Select(row => row.Target), small.MultiHop.Test.Select(row => row.Target));
        Assert.Equal(s_shop.Catalog.Items.Select(item => item.Sid), small.Catalog.Items.Select(item => item.Sid));
    }

    [Fact]
    public void Generate_OtherSeed_GivesAnotherShop()
    {
        GeneratedShop other = ShopGenerator.Generate(new ShopOptions { Seed = 1, TrainUsers = 1 });

        Assert.NotEqual(s_shop.Catalog.Items.Select(item => item.Title), other.Catalog.Items.Select(item => item.Title));
        Assert.NotEqual(s_shop.Facts.Accessory, other.Facts.Accessory);
    }

    [Theory]
    [InlineData(0, 0.15)]
    [InlineData(1, 1.5)]
    public void Generate_OptionOutOfRange_IsRefused(int users, double noise) =>
        Assert.Throws<ValidationException>(() => ShopGenerator.Generate(new ShopOptions { TrainUsers = users, NoiseRate = noise }));

    [Fact]
    public void MultiHopAnswer_TwoFavoriteBrands_IsRefused() =>
        Assert.Throws<ArgumentException>(() => s_shop.Facts.MultiHopAnswer([new ShopAttributes(0, 1, 0, 0), new ShopAttributes(0, 2, 0, 0)]));

    private static string History(Interaction row) => string.Join(' ', row.History);

    private static int CycleLength(IReadOnlyList<int> next)
    {
        int length = 1;
        for (int at = next[0]; at != 0; at = next[at])
        {
            length++;
        }

        return length;
    }

    private static double MeanSharedWords(ShopAttributes[] items)
    {
        var shared = new List<int>();
        for (int i = 0; i < items.Length; i++)
        {
            for (int j = 0; j < i; j++)
            {
                (ShopAttributes x, ShopAttributes y) = (items[i], items[j]);
                shared.Add((x.Category == y.Category ? 1 : 0) + (x.Brand == y.Brand ? 1 : 0) + (x.Tier == y.Tier ? 1 : 0) + (x.Color == y.Color ? 1 : 0));
            }
        }

        return shared.Count == 0 ? 4 : shared.Average();
    }
}
