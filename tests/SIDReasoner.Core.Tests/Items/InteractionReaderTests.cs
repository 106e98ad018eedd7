using System.IO.Compression;
using SIDReasoner.Core.Items;
using SIDReasoner.Core.SemanticIds;
using Xunit;

namespace SIDReasoner.Core.Tests.Items;

public class InteractionReaderTests
{
    private const string Header = "user_id,history_item_title,item_title,history_item_id,item_id,history_item_sid,item_sid\n";

    private static readonly ItemCatalog Catalog = new([
        new Item("0", "Pen, red", SemanticId.Parse("<a_1><b_1>")),
        new Item("1", "Dave's \"glue\"", SemanticId.Parse("<a_1><b_2>")),
        new Item("2", "Paper", SemanticId.Parse("<a_2><b_1>")),
        new Item("3", "Paper too", SemanticId.Parse("<a_2><b_1>")),
    ]);

    [Fact]
    public void Load_Csv_HistoriesAndTargets()
    {
        using var folder = new TempFolder();
        var path = folder.Write("rows.csv", Header
            + "A1,\"['Pen, red', \"\"Dave's \\\"\"glue\\\"\"\"\"]\",Paper,\"[0, 1]\",2,\"['<a_1><b_1>', '<a_1><b_2>']\",<a_2><b_1>\n"
            + "\r\n"
            + "\"A2\",\"two\nlines\",x,[3],0,['<a_2><b_1>'],<a_1><b_1>\r\n");

        var rows = InteractionReader.Load(path, Catalog);

        Assert.Equal(["A1", "A2"], rows.Select(row => row.UserId));
        Assert.Equal([[0, 1], [3]], rows.Select(row => row.History));
        Assert.Equal([2, 0], rows.Select(row => row.Target));
    }

    [Fact]
    public void Load_CsvWithSidsAlone_FirstItemOfEach()
    {
        using var folder = new TempFolder();
        var path = folder.Write("rows.csv", "user_id,history_item_sid,item_sid\nA,\"['<a_2><b_1>', '<a_1><b_2>']\",<a_1><b_1>\n");

        var row = Assert.Single(InteractionReader.Load(path, Catalog));

        Assert.Equal([2, 1], row.History);
        Assert.Equal(0, row.Target);
    }

    [Fact]
    public void Load_JsonLines_NumbersAndStrings()
    {
        using var folder = new TempFolder();
        var path = folder.Write("rows.jsonl", """
            {"user_id": 7, "history": ["0", 3], "target": 1}
            {"history": [2], "target": "0"}
            """);

        var rows = InteractionReader.Load(path, Catalog);

        Assert.Equal(["7", ""], rows.Select(row => row.UserId));
        Assert.Equal([[0, 3], [2]], rows.Select(row => row.History));
    }

    [Theory]
    [InlineData("user_id,history_item_id\nA,[0]\n", "column 'item_id' is missing; found 'user_id', 'history_item_id'")]
    [InlineData("history_item_id,item_id\n[0],1\n", "column 'user_id' is missing")]
    [InlineData("user_id,title\nA,x\n", "column 'history_item_id' is missing")]
    [InlineData("user_id,user_id,history_item_id,item_id\nA,A,[0],1\n", "column 'user_id' occurs 2 times")]
    [InlineData("user_id,history_item_id,item_id\n", "there are no rows")]
    [InlineData("", "is empty; expected a header line")]
    [InlineData("user_id,history_item_id,item_id\nA,[0],1\nA,[9],1\n", "line 3: history_item_id names item '9', which is not in the catalog of 4 items")]
    [InlineData("user_id,history_item_id,item_id\nA,[0],9\n", "line 2: item_id names item '9'")]
    [InlineData("user_id,history_item_id,item_id\nA,[],1\n", "line 2: history_item_id is empty")]
    [InlineData("user_id,history_item_id,item_id\nA,\"[0, x]\",1\n", "line 2: history_item_id is no list (expected a string or a number at character 5)")]
    [InlineData("user_id,history_item_id,item_id\nA,\"[0\",1\n", "expected ']' at the end")]
    [InlineData("user_id,history_item_id,item_id\nA,0,1\n", "expected '[' at the start")]
    [InlineData("user_id,history_item_id,item_id\nA,[0] 1,1\n", "unexpected text at character 5")]
    [InlineData("user_id,history_item_id,item_id\nA,[0],1,2\n", "line 2: has 4 fields; the header has 3")]
    [InlineData("user_id,history_item_id,item_id\nA,\"[0]\"x,1\n", "line 2: 'x' follows a closing quote")]
    [InlineData("user_id,history_item_id,item_id\nA,[0],1\nA,\"[0],1\n", "line 3: a quoted field is not closed")]
    [InlineData("user_id,history_item_sid,item_sid\nA,['<a_9><b_9>'],<a_1><b_1>\n", "line 2: history_item_sid names SID '<a_9><b_9>', which no item of the catalog has")]
    [InlineData("user_id,history_item_sid,item_sid\nA,['<a_1><b_1>'],pen\n", "line 2: item_sid holds 'pen'")]
    [InlineData("user_id,history_item_id,item_id,item_sid\nA,[0],1,<a_1><b_1>\n", "item_sid is '<a_1><b_1>', but item '1' has SID '<a_1><b_2>' in the catalog")]
    [InlineData("user_id,history_item_id,item_id,history_item_sid\nA,[0],1,\"['<a_1><b_1>', '<a_1><b_1>']\"\n", "history_item_sid has 2 entries and history_item_id 1")]
    public void Load_BadCsv_SaysWhere(string text, string expected)
    {
        using var folder = new TempFolder();
        var path = folder.Write("rows.csv", text);

        var error = Assert.Throws<InvalidFileException>(() => InteractionReader.Load(path, Catalog));

        Assert.Contains(expected, error.Message);
        Assert.Contains(path, error.Message);
    }

    [Fact]
    public void Load_SeveralBadRows_AllReported()
    {
        using var folder = new TempFolder();
        var path = folder.Write("rows.csv", "user_id,history_item_id,item_id\nA,\"[8, 0, 9]\",7\nA,[0],1\nA,\"[\n0]\",2\nA,[],1\n");

        var error = Assert.Throws<InvalidFileException>(() => InteractionReader.Load(path, Catalog));

        Assert.Equal(4, error.Problems.Count);
        Assert.StartsWith("line 6:", error.Problems[3]);
    }

    [Theory]
    [InlineData("""{"history": [], "target": 1}""", "line 1: 'history' is empty")]
    [InlineData("""{"history": 5, "target": 1}""", "line 1: 'history' is a number")]
    [InlineData("""{"target": 1}""", "line 1: 'history' is missing")]
    [InlineData("""{"history": [0]}""", "line 1: 'target' is missing")]
    [InlineData("""{"history": [0, 7, null], "target": 8}""", "target names item '8'")]
    [InlineData("""{"history": [0""", "line 1: not valid JSON")]
    public void Load_BadJsonLines_SaysWhere(string text, string expected)
    {
        using var folder = new TempFolder();

        Assert.Contains(expected, Assert.Throws<InvalidFileException>(() => InteractionReader.Load(folder.Write("rows.jsonl", text), Catalog)).Message);
    }

    [Fact]
    public void Load_GzipCutAnywhere_Refused()
    {
        using var folder = new TempFolder();
        var text = Header + string.Concat(Enumerable.Range(0, 50).Select(i => $"A{i},[],x,\"[0, 1]\",{i % 4},,\n"));
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true))
            gzip.Write(System.Text.Encoding.UTF8.GetBytes(text.Replace(",,\n", $",\"['<a_1><b_1>', '<a_1><b_2>']\",\n").Replace(",history_item_sid,item_sid", ",history_item_sid,other")));
        var bytes = packed.ToArray();

        Assert.Equal(50, InteractionReader.Load(folder.Write("rows.csv.gz", bytes), Catalog).Count);
        for (var length = 0; length < bytes.Length; length++)
            Assert.ThrowsAny<SidReasonerException>(() => InteractionReader.Load(folder.Write("cut.csv.gz", bytes[..length]), Catalog));
    }

    [Fact]
    public void Load_BytesThatAreNoUtf8OrNoFile_Refused()
    {
        using var folder = new TempFolder();
        var path = folder.Write("rows.csv", [.. "user_id,history_item_id,item_id\nA"u8, 0xFF, .. ",[0],1\n"u8]);

        Assert.Contains("not valid UTF-8", Assert.Throws<InvalidFileException>(() => InteractionReader.Load(path, Catalog)).Message);
        Assert.Contains("absent.csv", Assert.Throws<SidReasonerException>(() => InteractionReader.Load(folder.File("absent.csv"), Catalog)).Message);
    }
}
