using CsCheck;
using SIDReasoner.Core.Items;
using Xunit;

namespace SIDReasoner.Core.Tests.Items;

public class CsvReaderTests
{
    [Fact]
    public void Read_AnyFields_GivesThemBack() =>
        Gen.Char["ab,\"\n\r é"].Array[0, 8].Select(chars => new string(chars)).Array[2, 5].Array[1, 20].Sample((string[][] rows) =>
        {
            foreach (var newline in new[] { "\n", "\r\n" })
            {
                var text = string.Concat(rows.Select(row => string.Join(',', row.Select(field => '"' + field.Replace("\"", "\"\"") + '"')) + newline));
                var reader = new CsvReader(new StringReader(text));
                var fields = new List<string>();
                var line = 1;

                foreach (var row in rows)
                {
                    Assert.True(reader.Read(fields));
                    Assert.Equal(row, fields);
                    Assert.Equal(line, reader.Line);
                    line += 1 + row.Sum(field => field.Count(character => character == '\n'));
                }

                Assert.False(reader.Read(fields));
            }
        });

    [Fact]
    public void Read_PlainFields_QuotesInsideAreText()
    {
        var reader = new CsvReader(new StringReader("a,5\" pipe,\n,,"));
        var fields = new List<string>();

        Assert.True(reader.Read(fields));
        Assert.Equal(["a", "5\" pipe", ""], fields);
        Assert.True(reader.Read(fields));
        Assert.Equal(["", "", ""], fields);
        Assert.False(reader.Read(fields));
    }

    [Theory]
    [InlineData("[]", "")]
    [InlineData("['a']", "a")]
    [InlineData(" [ 'a' , \"b's\",12,-3, ] ", "a|b's|12|-3")]
    [InlineData(@"['it\'s', ""say \""x\"""", 'back\\slash', '\x41\u00e9\U0001F600\n\t\r']", "it's|say \"x\"|back\\slash|A\u00e9\U0001F600\n\t\r")]
    public void PythonList_Literals_AreRead(string text, string expected)
    {
        var elements = new List<string>();

        Assert.True(PythonList.TryParse(text, elements, out var problem), problem);

        Assert.Equal(expected.Length == 0 ? [] : expected.Split('|'), elements);
    }

    [Theory]
    [InlineData("")]
    [InlineData("[")]
    [InlineData("['a'")]
    [InlineData("['a]")]
    [InlineData("['a' 'b']")]
    [InlineData("[1.5]")]
    [InlineData("[,]")]
    [InlineData(@"['\q']")]
    [InlineData(@"['\x4']")]
    [InlineData(@"['\ud800']")]
    [InlineData(@"['\")]
    [InlineData("('a',)")]
    public void PythonList_AnythingElse_SaysWhy(string text)
    {
        Assert.False(PythonList.TryParse(text, [], out var problem));
        Assert.NotEmpty(problem);
    }
}
