using CsCheck;
using SIDReasoner.Core.SemanticIds;
using Xunit;

namespace SIDReasoner.Core.Tests.SemanticIds;

public class SemanticIdTests
{
    [Fact]
    public void Parse_JoinedTokens_GivesThemBack()
    {
        var sid = SemanticId.Parse(" <a_12><b_3><c_7>\n");

        Assert.Equal(["<a_12>", "<b_3>", "<c_7>"], sid.Tokens);
        Assert.Equal("<a_12><b_3><c_7>", sid.ToString());
        Assert.Equal(3, sid.Depth);
        Assert.Equal(sid, new SemanticId(["<a_12>", "<b_3>", "<c_7>"]));
        Assert.Equal(sid.GetHashCode(), SemanticId.Parse("<a_12><b_3><c_7>").GetHashCode());
    }

    [Theory]
    [InlineData("")]
    [InlineData("  ")]
    [InlineData("a_12")]
    [InlineData("<a_12")]
    [InlineData("<a_12> <b_3>")]
    [InlineData("<a_12>x")]
    [InlineData("<>")]
    [InlineData("<<a>>")]
    [InlineData("<a b>")]
    public void Parse_AnythingElse_Refused(string text)
    {
        Assert.False(SemanticId.TryParse(text, out _));
        Assert.Contains($"'{text}'", Assert.Throws<SidReasonerException>(() => SemanticId.Parse(text)).Message);
    }

    [Fact]
    public void Constructor_NoTokensOrABadOne_Refused()
    {
        Assert.Contains("is empty", Assert.Throws<SidReasonerException>(() => new SemanticId([])).Message);
        Assert.Contains("'b'", Assert.Throws<SidReasonerException>(() => new SemanticId(["<a>", "b"])).Message);
    }

    [Fact]
    public void IsProperPrefixOf_Tokens_NotText()
    {
        Assert.True(SemanticId.Parse("<a_1><b_2>").IsProperPrefixOf(SemanticId.Parse("<a_1><b_2><c_3>")));
        Assert.False(SemanticId.Parse("<a_1><b_2>").IsProperPrefixOf(SemanticId.Parse("<a_1><b_2>")));
        Assert.False(SemanticId.Parse("<a_1><b_2>").IsProperPrefixOf(SemanticId.Parse("<a_1><b_3><c_3>")));
    }

    [Fact]
    public void Append_Tokens_SortedByCodePoint()
    {
        var vocabulary = SidVocabulary.Append([SemanticId.Parse("<b_0><a_2>"), SemanticId.Parse("<a_10><a_1>"), SemanticId.Parse("<a_2><\uFF5E>"), SemanticId.Parse("<\U0001F600><b_0>")], 7);

        Assert.Equal(["<a_10>", "<a_1>", "<a_2>", "<b_0>", "<\uFF5E>", "<\U0001F600>"], vocabulary.Tokens);
        Assert.Equal([7, 8, 9, 10, 11, 12], vocabulary.TokenIds);
        Assert.True(vocabulary.IsContiguous);
    }

    [Fact]
    public void Vocabulary_AnyIds_EncodeAndDecodeAreInverse() =>
        Gen.Select(Gen.Int[1, 60], Gen.Int[0, 100_000]).Sample((count, seed) =>
        {
            var random = new Random(seed);
            var ids = Enumerable.Range(0, count * 2).OrderBy(_ => random.Next()).Take(count).ToList();
            var vocabulary = new SidVocabulary(ids.Select((id, i) => (Token: $"<a_{i}>", id)).ToDictionary(pair => pair.Token, pair => pair.id));
            var sid = new SemanticId(Enumerable.Range(0, 1 + random.Next(5)).Select(_ => $"<a_{random.Next(count)}>"));

            Assert.Equal(sid, vocabulary.Decode(vocabulary.Encode(sid)));
            Assert.Equal(ids.Order(), vocabulary.TokenIds);
            for (var column = 0; column < count; column++)
                Assert.Equal(column, vocabulary.ColumnOf(vocabulary.TokenIds[column]));
            Assert.Equal(-1, vocabulary.ColumnOf(count * 2));
            Assert.Equal(-1, vocabulary.ColumnOf(-1));
        });

    [Fact]
    public void Vocabulary_UnknownOrImpossible_Refused()
    {
        var vocabulary = new SidVocabulary(new Dictionary<string, int> { ["<a_1>"] = 5, ["<a_2>"] = 9 });

        Assert.False(vocabulary.IsContiguous);
        Assert.Contains("'<a_3>'", Assert.Throws<SidReasonerException>(() => vocabulary.Encode(SemanticId.Parse("<a_1><a_3>"))).Message);
        Assert.Throws<ArgumentException>(() => vocabulary.Decode([5, 6]));
        Assert.Throws<ArgumentException>(() => vocabulary.Decode([]));
        Assert.Contains("share id 5", Assert.Throws<SidReasonerException>(() => new SidVocabulary(new Dictionary<string, int> { ["<a_1>"] = 5, ["<a_2>"] = 5 })).Message);
        Assert.Throws<SidReasonerException>(() => new SidVocabulary(new Dictionary<string, int> { ["<a_1>"] = -5 }));
    }
}
