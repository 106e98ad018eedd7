using System.Security.Cryptography;
using System.Text.Json;
using SIDReasoner.Core.Items;
using SIDReasoner.Train.Shop;

namespace SIDReasoner.Train.Tests.Shop;

public sealed class ShopWriterTests : IDisposable
{
    // Of all files of seed 0, names and bytes, in order of name. A change means that every generated shop changes: say so in docs/formats/shop.md.
    private const string HashOfSeedZero = "1707a955c9fe0accf2f368fb3aba9158dfb709d92f1e6ff6d6a43e612cfbb430";

    private readonly string _folder = Directory.CreateTempSubdirectory("shop").FullName;

    [Fact]
    public void Write_SeedZero_GivesTheSameBytesEverywhere()
    {
        ShopGenerator.Generate(new ShopOptions()).Write(_folder);

        Assert.Equal(HashOfSeedZero, HashOf(_folder));
    }

    [Fact]
    public void Write_Twice_ReplacesFilesByTheSame()
    {
        var options = new ShopOptions { Seed = 3, TrainUsers = 20, ValidUsers = 5, TestUsers = 5 };
        ShopGenerator.Generate(options).Write(_folder);
        string first = HashOf(_folder);

        ShopGenerator.Generate(options).Write(_folder);

        Assert.Equal(first, HashOf(_folder));
    }

    [Fact]
    public void Write_ThenLoad_GivesTheSameCatalog()
    {
        GeneratedShop shop = ShopGenerator.Generate(new ShopOptions { TrainUsers = 1 });
        shop.Write(_folder);

        ItemCatalog loaded = ItemCatalog.Load(_folder);

        Assert.Equal(shop.Catalog.Items, loaded.Items);
    }

    [Theory]
    [InlineData("plain")]
    [InlineData("multi-hop")]
    public void Write_ThenLoad_GivesTheSameRows(string name)
    {
        GeneratedShop shop = ShopGenerator.Generate(new ShopOptions { TrainUsers = 50 });
        ShopSplit split = name == "plain" ? shop.Plain : shop.MultiHop;
        shop.Write(_folder);

        AssertSameRows(split.Train, InteractionReader.Load(Path.Combine(_folder, name, "train.csv"), shop.Catalog));
        AssertSameRows(split.Valid, InteractionReader.Load(Path.Combine(_folder, name, "valid.csv"), shop.Catalog));
        AssertSameRows(split.Test, InteractionReader.Load(Path.Combine(_folder, name, "test.csv"), shop.Catalog));
    }

    [Fact]
    public void Write_Facts_NameWhatTheTablesHold()
    {
        GeneratedShop shop = ShopGenerator.Generate(new ShopOptions { TrainUsers = 1 });
        shop.Write(_folder);

        using JsonDocument facts = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(_folder, "facts.json")));

        JsonElement root = facts.RootElement;
        string accessory = root.GetProperty("accessory").GetProperty("tent").GetString()!;
        Assert.Equal(ShopWords.Categories[shop.Facts.Accessory[18]], accessory);
        Assert.Equal(ShopWords.Brands[shop.Facts.Maker[18][6]], root.GetProperty("maker").GetProperty("tent").GetProperty("gamma").GetString());
        Assert.Equal(ShopWords.Categories[shop.Facts.AddOn[6][18]], root.GetProperty("addon").GetProperty("gamma").GetProperty("tent").GetString());
        Assert.Equal(ShopWords.Tiers[shop.Facts.Level[6][0]], root.GetProperty("level").GetProperty("gamma").GetProperty("lite").GetString());
        Assert.Equal(150, root.GetProperty("unseen_item_ids").GetArrayLength());
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static void AssertSameRows(IReadOnlyList<Interaction> expected, IReadOnlyList<Interaction> actual)
    {
        Assert.Equal(expected.Select(row => row.UserId), actual.Select(row => row.UserId));
        Assert.Equal(expected.Select(row => row.Target), actual.Select(row => row.Target));
        Assert.Equal(expected.Select(row => string.Join(' ', row.History)), actual.Select(row => string.Join(' ', row.History)));
    }

    private static string HashOf(string folder)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (string path in Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
        {
            hash.AppendData(System.Text.Encoding.UTF8.GetBytes(Path.GetRelativePath(folder, path).Replace('\\', '/')));
            hash.AppendData(File.ReadAllBytes(path));
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
