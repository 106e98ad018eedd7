using SIDReasoner.Core.Items;
using SIDReasoner.Core.SemanticIds;
using SIDReasoner.TestSupport;
using Xunit;

namespace SIDReasoner.Core.Tests.Items;

public class CatalogGoldenTests
{
    public static TheoryData<string> Folders => GoldenCases.DataFolders("amazon/*");

    /// <summary>The figures of the data's README and of REFERENCE.md 1.5.</summary>
    [SkippableTheory]
    [InlineData("Office_Products", 3_459, 3_444, 600, 88, 66, 12, 9_484, 4_866, 4_366)]
    [InlineData("Industrial_and_Scientific", 3_686, 3_670, 560, 48, 95, 47, 33_654, 4_532, 4_033)]
    public void Load_RealCatalog_HasThePublishedCounts(string name, int items, int sids, int tokens, int firstLevel, int secondFanOut, int thirdFanOut, int train, int valid, int test)
    {
        var folder = GoldenCases.RequireData(Path.Combine("amazon", name));
        var catalog = ItemCatalog.Load(folder);
        var vocabulary = SidVocabulary.Append(catalog.Sids, 151_669);

        using var trie = catalog.BuildTrie(vocabulary);

        Assert.Equal((items, sids, tokens), (catalog.Items.Count, catalog.SidCount, vocabulary.Count));
        Assert.Equal((firstLevel, secondFanOut, thirdFanOut), (trie.MaxFanOut(0), trie.MaxFanOut(1), trie.MaxFanOut(2)));
        Assert.Equal((sids, items), (trie.SidCount, (int)trie.ItemCount));
        Assert.Equal(Enumerable.Range(0, items).Select(id => $"{id}"), catalog.Items.Select(item => item.Id));
        Assert.Equal(train, InteractionReader.Load(Path.Combine(folder, "train.csv.gz"), catalog).Count);
        Assert.Equal(valid, InteractionReader.Load(Path.Combine(folder, "valid.csv"), catalog).Count);
        Assert.Equal(test, InteractionReader.Load(Path.Combine(folder, "test.csv"), catalog).Count);
    }

    [SkippableTheory]
    [MemberData(nameof(Folders))]
    public void Load_RealRows_HistoriesOfOneToTen(string folder)
    {
        var path = GoldenCases.RequireData(folder);
        var catalog = ItemCatalog.Load(path);

        var rows = InteractionReader.Load(Path.Combine(path, "test.csv"), catalog);

        Assert.All(rows, row =>
        {
            Assert.StartsWith("A", row.UserId);
            Assert.InRange(row.History.Count, 1, 10);
            Assert.InRange(row.Target, 0, catalog.Items.Count - 1);
        });
    }
}
