using System.IO.Compression;
using SIDReasoner.Core.Items;
using SIDReasoner.Core.SemanticIds;
using SIDReasoner.TestSupport;
using Xunit;

namespace SIDReasoner.Core.Tests.Items;

public class CatalogGoldenTests
{
    public static TheoryData<string> Folders => GoldenCases.DataFolders("amazon/*");

    /// <summary>The figures of the data's README.</summary>
    [SkippableTheory]
    [InlineData("Office_Products", 3_459, 3_444, 600, 88, 66, 12)]
    [InlineData("Industrial_and_Scientific", 3_686, 3_670, 560, 48, 95, 47)]
    public void Load_RealCatalog_HasThePublishedCounts(string name, int items, int sids, int tokens, int firstLevel, int secondFanOut, int thirdFanOut)
    {
        var folder = GoldenCases.RequireData(Path.Combine("amazon", name));
        var catalog = ItemCatalog.Load(folder);
        var vocabulary = SidVocabulary.Append(catalog.Sids, 151_669);

        using var trie = catalog.BuildTrie(vocabulary);

        Assert.Equal((items, sids, tokens), (catalog.Items.Count, catalog.SidCount, vocabulary.Count));
        Assert.Equal((firstLevel, secondFanOut, thirdFanOut), (trie.MaxFanOut(0), trie.MaxFanOut(1), trie.MaxFanOut(2)));
        Assert.Equal((sids, items), (trie.SidCount, (int)trie.ItemCount));
        Assert.Equal(Enumerable.Range(0, items).Select(id => $"{id}"), catalog.Items.Select(item => item.Id));
    }

    [SkippableTheory]
    [MemberData(nameof(Folders))]
    public void Load_RealRows_OneALineWithHistoriesOfOneToTen(string folder)
    {
        var path = GoldenCases.RequireData(folder);
        var catalog = ItemCatalog.Load(path);

        foreach (var name in new[] { "train.csv.gz", "valid.csv", "test.csv" }.Where(name => File.Exists(Path.Combine(path, name))))
        {
            var rows = InteractionReader.Load(Path.Combine(path, name), catalog);

            Assert.Equal(CountLines(Path.Combine(path, name)) - 1, rows.Count);
            Assert.All(rows, row =>
            {
                Assert.NotEmpty(row.UserId);
                Assert.InRange(row.History.Count, 1, 10);
                Assert.InRange(row.Target, 0, catalog.Items.Count - 1);
            });
        }
    }

    /// <summary>These files have no line ends inside fields.</summary>
    private static int CountLines(string path)
    {
        using Stream file = File.OpenRead(path);
        using var text = new StreamReader(path.EndsWith(".gz", StringComparison.Ordinal) ? new GZipStream(file, CompressionMode.Decompress) : file);
        var lines = 0;
        while (text.ReadLine() is not null)
            lines++;
        return lines;
    }
}
