using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using CsCheck;
using SIDReasoner.Core.SemanticIds;
using SIDReasoner.Core.Text;
using Xunit;

namespace SIDReasoner.Core.Tests.Text;

public class ByteLevelBpeTokenizerTests
{
    [Fact]
    public void Save_ControlAndSidTokens_LoadsWithItsIds()
    {
        using var folder = new TempFolder();
        var small = new SmallTokenizer { ControlTokens = ["<bos>", "<eos>"], SidTokens = ["<a_10>", "<a_1>", "<b_0>"], Bos = "<bos>", Eos = "<eos>" };

        small.Save(folder.Root);
        var tokenizer = ByteLevelBpeTokenizer.Load(folder.Root);

        Assert.Equal((5, 5), (small.VocabSize, tokenizer.VocabSize));
        Assert.False(tokenizer.HasText);
        Assert.Equal([0, 3, 4, 2, 1], tokenizer.Encode("<bos><a_1><b_0><a_10><eos>"));
        Assert.Equal("<bos><a_1><b_0>", tokenizer.Decode([0, 3, 4]));
        Assert.Equal("<a_1><b_0>", tokenizer.Decode([0, 3, 4], skipsSpecialTokens: true));
        Assert.Equal(3, tokenizer.TokenId("<a_1>"));
        Assert.Contains("cannot spell ', '", Assert.Throws<SidReasonerException>(() => tokenizer.Encode("<a_1>, <a_1>")).Message);
        Assert.Throws<SidReasonerException>(() => tokenizer.TokenId("<a_2>"));
        Assert.Throws<ArgumentException>(() => tokenizer.Decode([5]));
    }

    [Fact]
    public void Encode_BytesAndMerges_AnyTextSurvives()
    {
        using var folder = new TempFolder();
        Speaking().Save(folder.Root);
        var tokenizer = ByteLevelBpeTokenizer.Load(folder.Root);

        Assert.Equal([tokenizer.TokenId("ab"), tokenizer.TokenId("d")], tokenizer.Encode("abd"));
        Gen.String.Sample(text =>
        {
            var formed = new string(text.EnumerateRunes().SelectMany(rune => rune.ToString()).ToArray());
            if (!formed.AsSpan().ContainsAny('\uFFFE', '\uFFFF'))
                formed = formed.Normalize(NormalizationForm.FormC);
            Assert.Equal(tokenizer.Encode(text), tokenizer.Encode(formed));
            if (!formed.AsSpan().ContainsAny('\uFFFE', '\uFFFF'))
                Assert.Equal(formed, tokenizer.Decode(tokenizer.Encode(text)));
        });
    }

    [Fact]
    public void WithAddedTokens_NewOnes_FollowTheLastId()
    {
        using var folder = new TempFolder();
        Speaking().Save(folder.Root);
        var tokenizer = ByteLevelBpeTokenizer.Load(folder.Root);

        var more = tokenizer.WithAddedTokens(["<x_1>", "<bos>", "<x_2>", "<x_1>"]);

        Assert.Equal(tokenizer.VocabSize + 2, more.VocabSize);
        Assert.Equal(tokenizer.VocabSize + 1, more.TokenId("<x_2>"));
        Assert.Equal([more.TokenId("<x_1>"), more.TokenId("<x_2>")], more.Encode("<x_1><x_2>"));
        Assert.Equal("a<x_1>b", more.Decode(more.Encode("a<x_1>b")));
    }

    [Fact]
    public void SelectSidTokens_UnknownToken_EveryOneNamed()
    {
        using var folder = new TempFolder();
        new SmallTokenizer { ControlTokens = ["<bos>"], SidTokens = ["<a_1>", "<a_2>"] }.Save(folder.Root);
        var tokenizer = ByteLevelBpeTokenizer.Load(folder.Root);

        var vocabulary = tokenizer.SelectSidTokens([SemanticId.Parse("<a_2><a_1>")]);
        var error = Assert.Throws<InvalidFileException>(() => tokenizer.SelectSidTokens([SemanticId.Parse("<a_2><b_1>"), SemanticId.Parse("<a_2><b_3>")]));

        Assert.Equal([1, 2], vocabulary.TokenIds);
        Assert.Equal(2, error.Problems.Count);
        Assert.Contains("SID token '<b_3>' of the catalog is none of the tokenizer's 3 tokens", error.Message);
    }

    [Fact]
    public void Encode_AddedTokensThatStripOrStandAlone_AsTheyAsk()
    {
        var tokenizer = Load(
            json => json["added_tokens"]!.AsArray().Add(new JsonObject { ["id"] = 900, ["content"] = "<m>", ["lstrip"] = true, ["rstrip"] = true, ["normalized"] = false }),
            json => json["added_tokens"]!.AsArray().Add(new JsonObject { ["id"] = 901, ["content"] = "cat", ["single_word"] = true, ["normalized"] = false }));

        Assert.Equal("a<m>b", tokenizer.Decode(tokenizer.Encode("a  <m> \n b")));
        Assert.Contains(901, tokenizer.Encode("a cat."));
        Assert.DoesNotContain(901, tokenizer.Encode("cats"));
        Assert.DoesNotContain(901, tokenizer.Encode("a_cat"));
    }

    [Fact]
    public void Encode_IgnoreMerges_KeepsWholePieces()
    {
        // "abc" is a token that no merge makes.
        var merged = Load(json => json["model"]!["vocab"]!["abc"] = 900);
        var whole = Load(json => json["model"]!["vocab"]!["abc"] = 900, json => json["model"]!["ignore_merges"] = true);

        Assert.DoesNotContain(900, merged.Encode("abc"));
        Assert.Equal([900], whole.Encode("abc"));
    }

    [Fact]
    public void Encode_PrefixSpaceAndDigits_AsTheStepsSay()
    {
        var tokenizer = Load(json => json["pre_tokenizer"] = JsonNode.Parse("""{"type":"Sequence","pretokenizers":[{"type":"Digits","individual_digits":true},{"type":"ByteLevel","add_prefix_space":true,"use_regex":true}]}"""));

        Assert.Equal(" a 1 2 b", tokenizer.Decode(tokenizer.Encode("a12b")));
    }

    [Theory]
    [InlineData("/model/type", "\"WordPiece\"", "'model.type' is 'WordPiece'")]
    [InlineData("/model/byte_fallback", "true", "'model.byte_fallback' is true")]
    [InlineData("/model/dropout", "0.1", "'model.dropout' is set")]
    [InlineData("/model/unk_token", "\"<unk>\"", "'model.unk_token' is '<unk>'")]
    [InlineData("/model/vocab", "7", "'model.vocab' is missing")]
    [InlineData("/model/vocab/a", "-1", "gives 'a' the id -1")]
    [InlineData("/model/vocab/zz", "1", "the same id, 1")]
    [InlineData("/model/merges", "null", "'model.merges' is missing")]
    [InlineData("/model/merges", "[[\"a\"]]", "expected a pair of tokens")]
    [InlineData("/model/merges", "[\"a zz\"]", "joins 'a' and 'zz'")]
    [InlineData("/added_tokens", "{}", "'added_tokens' is an object; expected an array")]
    [InlineData("/added_tokens", "[{\"id\":0,\"content\":\"<other>\"}]", "gives '<other>' the id 0, which '<bos>' has")]
    [InlineData("/added_tokens", "[{\"id\":7,\"content\":\"<bos>\"}]", "'<bos>'")]
    [InlineData("/added_tokens", "[{\"id\":0,\"content\":\"\"}]", "none empty")]
    [InlineData("/normalizer", "{\"type\":\"Lowercase\"}", "'normalizer' of type 'Lowercase' is not supported")]
    [InlineData("/pre_tokenizer", "{\"type\":\"Whitespace\"}", "step of type 'Whitespace' is not supported")]
    [InlineData("/pre_tokenizer", "null", "no 'ByteLevel' step")]
    [InlineData("/pre_tokenizer", "{\"type\":\"Sequence\",\"pretokenizers\":[{\"type\":\"Split\",\"pattern\":{\"Regex\":\"(\"},\"behavior\":\"Isolated\"}]}", "'pre_tokenizer.pattern' is not supported")]
    [InlineData("/pre_tokenizer", "{\"type\":\"Sequence\",\"pretokenizers\":[{\"type\":\"Split\",\"pattern\":{\"String\":\" \"},\"behavior\":\"Removed\"}]}", "'pre_tokenizer.behavior' is 'Removed'")]
    [InlineData("/pre_tokenizer", "{\"type\":\"Sequence\"}", "'pre_tokenizer.pretokenizers' is missing")]
    public void Load_UnsupportedOrWrong_NamesIt(string path, string value, string expected)
    {
        var error = Assert.Throws<InvalidFileException>(() => Load(json =>
        {
            var names = path.Split('/')[1..];
            JsonNode parent = json;
            foreach (var name in names[..^1])
                parent = parent[name]!;
            parent[names[^1]] = JsonNode.Parse(value);
        }));

        Assert.Contains(expected, error.Message);
    }

    [Fact]
    public void Load_MissingOrCutFile_Refused()
    {
        using var folder = new TempFolder();
        Assert.Contains("tokenizer.json", Assert.Throws<SidReasonerException>(() => ByteLevelBpeTokenizer.Load(folder.Root)).Message);
        new SmallTokenizer { ControlTokens = ["<bos>"], SidTokens = ["<a_1>"] }.Save(folder.Root);
        var text = File.ReadAllText(folder.File("tokenizer.json")).TrimEnd();

        for (var length = 0; length < text.Length; length += 7)
        {
            folder.Write("tokenizer.json", text[..length]);
            Assert.Throws<InvalidFileException>(() => ByteLevelBpeTokenizer.Load(folder.Root));
        }
    }

    [Fact]
    public void Save_TokensThatCannotBe_Throws()
    {
        using var folder = new TempFolder();

        Assert.Throws<ArgumentException>(() => new SmallTokenizer { ControlTokens = ["<bos>", "<bos>"], SidTokens = [] }.Save(folder.Root));
        Assert.Throws<ArgumentException>(() => new SmallTokenizer { ControlTokens = ["<bos>"], SidTokens = [], Bos = "<x>" }.Save(folder.Root));
        Assert.Throws<ArgumentException>(() => new SmallTokenizer { ControlTokens = ["<bos>"], SidTokens = [], Pieces = ["a"], Merges = [("a", "b")] }.Save(folder.Root));
        Assert.Empty(Directory.GetFiles(folder.Root));
    }

    [Fact]
    public void StandIns_EveryCategory_IsOfItsCategory()
    {
        foreach (var (category, character) in ShadowText.AllStandIns)
            Assert.Equal(category, char.GetUnicodeCategory(character));
        for (var value = 0x10000; value < 0x110000; value++)
        {
            var rune = new Rune(value);
            Assert.Equal(Rune.GetUnicodeCategory(rune), char.GetUnicodeCategory(ShadowText.StandIn(rune)));
        }
    }

    [Fact]
    public void NormalFormC_Works_SoGlobalizationIsNotInvariant()
    {
        Assert.Equal("\u00e9", "e\u0301".Normalize(NormalizationForm.FormC));
        Assert.NotEqual(CultureInfo.InvariantCulture.Name, CultureInfo.GetCultureInfo("fr-FR").Name);
    }

    private static ByteLevelBpeTokenizer Load(params Action<JsonObject>[] edits)
    {
        using var folder = new TempFolder();
        Speaking().Save(folder.Root);
        var json = JsonNode.Parse(File.ReadAllText(folder.File("tokenizer.json")))!.AsObject();
        foreach (var edit in edits)
            edit(json);
        folder.Write("tokenizer.json", json.ToJsonString());
        return ByteLevelBpeTokenizer.Load(folder.Root);
    }

    /// <summary>One control token, the 256 bytes, and "ab".</summary>
    private static SmallTokenizer Speaking() => new()
    {
        ControlTokens = ["<bos>"],
        Pieces = [.. Enumerable.Range(0, 256).Select(value => ByteAlphabet.CharOf((byte)value).ToString()), "ab"],
        Merges = [("a", "b")],
        SidTokens = ["<a_1>"],
    };
}
