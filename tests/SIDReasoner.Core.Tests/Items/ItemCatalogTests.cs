using SIDReasoner.Core.Items;
using SIDReasoner.Core.SemanticIds;
using Xunit;

namespace SIDReasoner.Core.Tests.Items;

public class ItemCatalogTests
{
    private const string Index = """{"0":["<a_1>","<b_2>"],"10":["<a_1>","<b_10>"],"2":["<a_1>","<b_2>"]}""";

    private const string ItemJson = """
        {"0":{"title":"Red pen","description":"['Writes red.']","brand":"Acme","categories":""},
         "10":{"title":"Glue","description":["x"],"brand":null},"2":{"title":"Blue pen"}}
        """;

    private const string Info = "<a_1><b_2>\tRed pen\t0\n<a_1><b_2>\tBlue pen\t2\n<a_1><b_10>\tGlue\t10\n";

    [Theory]
    [InlineData("index.json", "item.json", "info.txt")]
    [InlineData("Office.index.json", "Office.item.json", "info/Office_5_2016-10-2018-11.txt")]
    [InlineData("index/Office.index.json", "index/Office.item.json", "info/Office.txt")]
    [InlineData("index.json", "item.json", null)]
    [InlineData("index.json", null, "info.txt")]
    public void Load_EitherLayout_SameItemsInOrderOfId(string index, string? item, string? info)
    {
        using var folder = new TempFolder();
        folder.Write(index, Index);
        if (item is not null)
            folder.Write(item, ItemJson);
        if (info is not null)
            folder.Write(info, Info);
        folder.Write("notes.txt", "not a catalog's file");

        var catalog = ItemCatalog.Load(folder.Root);

        Assert.Equal(["0", "2", "10"], catalog.Items.Select(entry => entry.Id));
        Assert.Equal(["Red pen", "Blue pen", "Glue"], catalog.Items.Select(entry => entry.Title));
        Assert.Equal((2, 2), (catalog.LevelCount, catalog.SidCount));
        Assert.Equal([0, 1], catalog.ItemsOf(SemanticId.Parse("<a_1><b_2>")));
        Assert.Empty(catalog.ItemsOf(SemanticId.Parse("<a_1><b_3>")));
        Assert.True(catalog.TryGetIndex("10", out var glue));
        Assert.Equal(2, glue);
        Assert.False(catalog.TryGetIndex("1", out _));
        Assert.Equal(item is null ? "" : "['Writes red.']", catalog.Items[0].Description);
    }

    [Fact]
    public void Save_ThenLoad_SameItems()
    {
        using var folder = new TempFolder();
        var catalog = new ItemCatalog([
            new Item("B1", "Caf\u00e9 \"crème\" \u4e2d\n<b>", SemanticId.Parse("<a_1><b_2>")) { Description = "d", Brand = "b", Categories = "c" },
            new Item("7", "", SemanticId.Parse("<a_2>")),
        ]);

        catalog.Save(folder.Root);
        var first = File.ReadAllBytes(folder.File("items.jsonl"));
        var loaded = ItemCatalog.Load(folder.Root);
        loaded.Save(folder.Root);

        Assert.Equal(catalog.Items, loaded.Items);
        Assert.Equal(first, File.ReadAllBytes(folder.File("items.jsonl")));
    }

    [Theory]
    [InlineData("""{"0":[]}""", """{"0":{"title":"a"}}""", "item '0' has an empty SID")]
    [InlineData("""{"0":["a_1"]}""", """{"0":{"title":"a"}}""", "'a_1' is no SID token")]
    [InlineData("""{"0":"<a_1>"}""", """{"0":{"title":"a"}}""", "expected an array of SID tokens")]
    [InlineData("""{"0":["<a_1>"],"0":["<a_2>"]}""", """{"0":{"title":"a"}}""", "item id '0' occurs twice")]
    [InlineData("""{"0":["<a_1>"],"1":["<a_1>","<b_1>"]}""", """{"0":{"title":"a"},"1":{"title":"b"}}""", "SID '<a_1>' of item '0' is a prefix of SID '<a_1><b_1>' of item '1'")]
    [InlineData("""{"0":["<a_1>"]}""", """{"1":{"title":"a"}}""", "item '0' of 'index.json' is not in 'item.json'")]
    [InlineData("""{"0":["<a_1>"]}""", """{"0":{"title":"a"},"1":{"title":"a"}}""", "item '1' of 'item.json' is not in 'index.json'")]
    [InlineData("""{"0":["<a_1>"]}""", """{"0":{}}""", "item '0': 'title' is missing")]
    [InlineData("""{"0":["<a_1>"]}""", """{"0":7}""", "item '0' is a number")]
    [InlineData("""{"0":["<a_1>"]}""", """{"0":{"title":"a"}""", "item.json: not valid JSON")]
    [InlineData("""{}""", """{}""", "there are no items")]
    [InlineData("""{"0":["<1>","<2>","<3>","<4>","<5>","<6>","<7>","<8>","<9>"]}""", """{"0":{"title":"a"}}""", "a SID of 9 tokens; expected at most 8")]
    [InlineData("{\"0\":[\"<a_\ud83d>\"]}", """{"0":{"title":"a"}}""", "")]
    public void Load_BadMiniOneRecFiles_SaysWhat(string index, string item, string expected)
    {
        using var folder = new TempFolder();
        folder.Write("index.json", index);
        folder.Write("item.json", item);
        if (expected.Length == 0)
        {
            Assert.Single(ItemCatalog.Load(folder.Root).Items); // what is no character is written as U+FFFD by the file system's encoding
            return;
        }

        Assert.Contains(expected, Assert.Throws<InvalidFileException>(() => ItemCatalog.Load(folder.Root)).Message);
    }

    [Fact]
    public void Load_InfoThatDisagrees_EveryProblemReported()
    {
        using var folder = new TempFolder();
        folder.Write("index.json", Index);
        folder.Write("info.txt", "<a_9><b_2>\tRed pen\t0\nbroken\n<a_1><b_2>\tBlue pen\t2\n<a_1><b_2>\tBlue pen\t2\n");

        var error = Assert.Throws<InvalidFileException>(() => ItemCatalog.Load(folder.Root));

        Assert.Equal(2, error.Problems.Count);
        Assert.Contains("line 2 has 0 tabs", error.Message);
        Assert.Contains("line 4: item id '2' occurs twice", error.Message);
        folder.Write("info.txt", "<a_9><b_2>\tRed pen\t0\n<a_1><b_2>\tBlue pen\t2\n");
        error = Assert.Throws<InvalidFileException>(() => ItemCatalog.Load(folder.Root));
        Assert.Contains("item '10' of 'index.json' is not in 'info.txt'", error.Message);
        Assert.Contains("item '0' has SID '<a_9><b_2>' in 'info.txt' and '<a_1><b_2>' in 'index.json'", error.Message);
    }

    [Fact]
    public void Load_BadItemLines_EveryLineReported()
    {
        using var folder = new TempFolder();
        folder.Write("items.jsonl", """
            {"id":"1","title":"a","sid":"<a_1>"}
            {"id":"2","title":"a","sid":""}
            {"id":"3","title":7,"sid":"a"}

            {"title":"a","sid":"<a_2>"}
            [1]
            {"id":
            """);

        var error = Assert.Throws<InvalidFileException>(() => ItemCatalog.Load(folder.Root));

        Assert.Contains("line 2: item '2' has an empty SID", error.Message);
        Assert.Contains("line 3: 'title' is 7; expected a string", error.Message);
        Assert.Contains("line 3: item '3' has SID 'a'", error.Message);
        Assert.Contains("line 5: 'id' is missing", error.Message);
        Assert.Contains("line 6: an array; expected an object", error.Message);
        Assert.Contains("line 7: not valid JSON", error.Message);
        Assert.Equal(6, error.Problems.Count);
    }

    [Fact]
    public void Load_BytesThatAreNoUtf8_Refused()
    {
        using var folder = new TempFolder();
        folder.Write("items.jsonl", [.. """{"id":"1","title":"a"""u8, 0xFF, .. "\",\"sid\":\"<a_1>\"}\n"u8]);

        Assert.Contains("line 1: not valid UTF-8", Assert.Throws<InvalidFileException>(() => ItemCatalog.Load(folder.Root)).Message);
    }

    [Fact]
    public void Load_DuplicateIdsAndPrefixesInLines_AllReported()
    {
        using var folder = new TempFolder();
        folder.Write("items.jsonl", """
            {"id":1,"title":"a","sid":"<a_1><b_1>"}
            {"id":"1","title":"b","sid":"<a_2><b_1>"}
            {"id":"3","title":"c","sid":"<a_2>"}
            {"id":"4","title":"c","sid":"<a_1>"}
            """);

        var error = Assert.Throws<InvalidFileException>(() => ItemCatalog.Load(folder.Root));

        Assert.Equal(3, error.Problems.Count);
        Assert.Contains("item id '1' occurs twice, as item 0 and as item 1", error.Message);
    }

    [Fact]
    public void Load_NoCatalogOrSeveral_SaysWhatWasExpected()
    {
        using var folder = new TempFolder();
        Assert.Contains("does not exist", Assert.Throws<SidReasonerException>(() => ItemCatalog.Load(folder.File("absent"))).Message);
        Assert.Contains("holds no catalog", Assert.Throws<SidReasonerException>(() => ItemCatalog.Load(folder.Root)).Message);

        folder.Write("A.index.json", Index);
        Assert.Contains("neither an item.json nor an info file", Assert.Throws<InvalidFileException>(() => ItemCatalog.Load(folder.Root)).Message);
        folder.Write("B.index.json", Index);
        Assert.Contains("'A.index.json', 'B.index.json'", Assert.Throws<SidReasonerException>(() => ItemCatalog.Load(folder.Root)).Message);
    }

    [Fact]
    public void BuildTrie_TokensOutsideVocabulary_EveryOneNamed()
    {
        var catalog = new ItemCatalog([new Item("1", "", SemanticId.Parse("<a_1><b_2>")), new Item("2", "", SemanticId.Parse("<a_3><b_4>"))]);
        var vocabulary = new SidVocabulary(new Dictionary<string, int> { ["<a_1>"] = 4 });

        var error = Assert.Throws<InvalidFileException>(() => catalog.BuildTrie(vocabulary));

        Assert.Equal(3, error.Problems.Count);
        Assert.Contains("'<b_4>'", error.Message);
    }

    [Fact]
    public void BuildTrie_SharedSids_LeadToTheirItems()
    {
        var catalog = new ItemCatalog([new Item("x", "", SemanticId.Parse("<a_2><b_1>")), new Item("y", "", SemanticId.Parse("<a_1><b_1>")), new Item("z", "", SemanticId.Parse("<a_2><b_1>"))]);
        var vocabulary = SidVocabulary.Append(catalog.Sids, 3);

        using var trie = catalog.BuildTrie(vocabulary);

        Assert.True(trie.TryFind(vocabulary.Encode(catalog.Items[0].Sid), out var depth, out var node));
        var items = new List<int>();
        trie.CopyItems(trie.SidNumber(depth, node), items);
        Assert.Equal([0, 2], items);
    }
}
