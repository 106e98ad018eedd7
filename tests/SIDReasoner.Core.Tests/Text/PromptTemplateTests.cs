using SIDReasoner.Core.Items;
using SIDReasoner.Core.SemanticIds;
using SIDReasoner.Core.Text;
using Xunit;

namespace SIDReasoner.Core.Tests.Text;

public class PromptTemplateTests
{
    private static readonly List<Item> History = [.. Enumerable.Range(0, 12).Select(i => new Item($"{i}", $"T{i} {{user}}", SemanticId.Parse($"<a_{i}><b_0>")))];

    [Fact]
    public void Build_Window_BosThenTheLastItemsTokens()
    {
        using var folder = new TempFolder();
        var vocabulary = SidVocabulary.Append(History.Select(item => item.Sid), 2);
        new SmallTokenizer { ControlTokens = ["<pad>", "<bos>"], SidTokens = vocabulary.Tokens }.Save(folder.Root);
        new PromptTemplate { Kind = PromptKind.Window, HistoryMaxItems = 3 }.Save(folder.Root);
        var tokenizer = ByteLevelBpeTokenizer.Load(folder.Root);
        var template = PromptTemplate.Load(folder.Root);

        var ids = template.Build(History, vocabulary, tokenizer);

        Assert.Equal("<bos><a_9><b_0><a_10><b_0><a_11><b_0>", tokenizer.Decode(ids));
        Assert.Equal(1, ids[0]);
        Assert.Equal([1, .. vocabulary.Encode(History[0].Sid)], template.Build([History[0]], vocabulary, tokenizer));
        Assert.False(template.CanThink);
        Assert.Contains("history is empty", Assert.Throws<SidReasonerException>(() => template.Build([], vocabulary, tokenizer)).Message);
        Assert.Contains("cannot think", Assert.Throws<SidReasonerException>(() => template.Build(History, vocabulary, tokenizer, thinks: true)).Message);
        Assert.Throws<InvalidOperationException>(() => template.BuildText(History));
    }

    [Fact]
    public void BuildText_Placeholders_FilledOnce()
    {
        var template = new PromptTemplate { System = "S {user}", HistorySeparator = "; ", HistoryItem = "{title}={sid}", User = "H: {history} {other}", Layout = "[{system}|{user}]", NoThinkBlock = "!", HistoryMaxItems = 2 };

        Assert.Equal("[S {user}|H: T10 {user}=<a_10><b_0>; T11 {user}=<a_11><b_0> {other}]!", template.BuildText(History));
    }

    [Fact]
    public void Save_EverythingSet_LoadsTheSame()
    {
        using var folder = new TempFolder();
        var template = new PromptTemplate
        {
            HistoryMaxItems = 4,
            System = "s\n\"\u4e2d\"",
            HistorySeparator = "/",
            HistoryItem = "{title}",
            User = "u {history}",
            UserThink = "t {history} {last_title}",
            Layout = "l {system} {user}",
            NoThinkBlock = "n",
            ThinkOpen = "o",
            ThinkClose = "c",
            ReplyEnd = "e",
            ReferenceEnd = [1, 2],
        };

        Assert.Null(PromptTemplate.TryLoad(folder.Root));
        template.Save(folder.Root);
        var loaded = PromptTemplate.TryLoad(folder.Root)!;

        Assert.Equal(template with { ReferenceEnd = loaded.ReferenceEnd }, loaded);
        Assert.Equal([1, 2], loaded.ReferenceEnd);
        Assert.True(loaded.CanThink);
    }

    [Theory]
    [InlineData("""{"kind":"poem"}""", "'kind' is 'poem'; expected 'text' or 'window'")]
    [InlineData("""{"kind":"window","history_max_items":0}""", "'history_max_items' is 0")]
    [InlineData("""{"kind":"window","history_order":"newest first"}""", "'history_order' is 'newest first'")]
    [InlineData("""{"layout":"{user}"}""", "'user' is missing or empty; expected a text with '{history}'")]
    [InlineData("""{"user":"{history}","layout":"x"}""", "'layout' is 'x'; expected '{user}' in it")]
    [InlineData("""{"user":"{history}","layout":"{user}","user_think":"x"}""", "'user_think' is 'x'")]
    [InlineData("""{"user":"{history}","layout":"{user}","history_item":"x"}""", "'history_item' is 'x'")]
    [InlineData("""{"user":"{history}","layout":"{user}","notes":{"reference_end":[1]}}""", "'notes.reference_end' has 1 token ids")]
    [InlineData("""{"user":7,"layout":"{user}"}""", "'user' is 7; expected a string")]
    [InlineData("""{""", "not valid JSON")]
    public void Load_BadFile_SaysWhat(string text, string expected)
    {
        using var folder = new TempFolder();

        Assert.Contains(expected, Assert.Throws<InvalidFileException>(() => PromptTemplate.Load(folder.Write("prompt.json", text))).Message);
    }
}
