using SIDReasoner.Core;
using SIDReasoner.Core.Text;
using SIDReasoner.Decoding.Sampling;
using Xunit;

namespace SIDReasoner.Runtime.Tests;

public sealed class TextModelTests(TalkingBundle talking) : IClassFixture<TalkingBundle>
{
    [Fact]
    public async Task GenerateAsync_MessagesPromptAndIds_GiveTheSameText()
    {
        using TextModel model = Open();
        const string Rendered = "<bos>user: Hi\nassistant:<think></think>";
        int[] ids = ByteLevelBpeTokenizer.Load(talking.TextFolder).Encode(Rendered);

        GeneratedText byMessages = await model.GenerateAsync(new TextRequest { Messages = [new ChatMessage("user", "Hi")], MaxTokens = 12 });
        GeneratedText byPrompt = await model.GenerateAsync(new TextRequest { Prompt = Rendered, MaxTokens = 12 });
        GeneratedText byIds = await model.GenerateAsync(new TextRequest { PromptIds = ids, MaxTokens = 12 });

        Assert.Equal(ids.Length, byMessages.PromptTokens);
        Assert.Equal(byMessages.TokenIds, byPrompt.TokenIds);
        Assert.Equal(byMessages.TokenIds, byIds.TokenIds);
        Assert.Equal(byMessages.Text, byIds.Text);
        Assert.Equal("onnxruntime", byIds.Engine);
    }

    [Fact]
    public async Task StreamAsync_SampledText_IsTheWholeTextInPieces()
    {
        using TextModel model = Open();
        var request = new TextRequest { Prompt = "abc", MaxTokens = 60, Sampling = new SamplingOptions { Samples = true, Seed = 9 }, Thinking = new ThinkingRequest { Budget = 10 } };
        string text = "";
        GeneratedText? answer = null;

        await foreach (TextStep step in model.StreamAsync(request))
        {
            text += step.Piece;
            answer = step.Answer;
        }

        Assert.Equal(answer!.Thinking!.Text + answer.Text, text);
        Assert.Equal((await model.GenerateAsync(request)).TokenIds, answer.TokenIds);
    }

    [Fact]
    public async Task GenerateAsync_Thinking_GoesOnBehindPromptThoughtAndClosing()
    {
        using TextModel model = Open();
        var request = new TextRequest { PromptIds = [2, 70, 80], MaxTokens = 20, Thinking = new ThinkingRequest { Budget = 9 } };

        GeneratedText answer = await model.GenerateAsync(request);

        int[] closing = ByteLevelBpeTokenizer.Load(talking.TextFolder).Encode("\n</think>\n");
        int[] all = [2, 70, 80, .. answer.Thinking!.TokenIds, .. answer.Thinking.IsClosed ? closing[2..] : closing];
        Assert.Equal((await model.GenerateAsync(new TextRequest { PromptIds = all, MaxTokens = 20 })).TokenIds, answer.TokenIds);
        Assert.InRange(answer.Thinking.TokenIds.Count, 1, 9);
    }

    [Fact]
    public async Task GenerateAsync_LongText_EndsWithTheContext()
    {
        using TextModel model = Open();
        int[] prompt = [.. Enumerable.Repeat(100, 1000)];

        GeneratedText answer = await model.GenerateAsync(new TextRequest { PromptIds = prompt, MaxTokens = 5000 });

        Assert.InRange(answer.TokenIds.Count, 1, 25);
        Assert.Equal(answer.TokenIds.Count < 25, answer.HasEnded);
    }

    [Fact]
    public async Task GenerateManyAsync_ManyRequests_AnswersInTheirOrder()
    {
        using TextModel model = Open();
        TextRequest[] requests = [.. Enumerable.Range(0, 15).Select(i => new TextRequest { PromptIds = [2, 50 + i], MaxTokens = 6 })];
        var answers = new List<IReadOnlyList<int>>();

        await foreach (GeneratedText answer in model.GenerateManyAsync(requests))
        {
            answers.Add(answer.TokenIds);
        }

        for (int i = 0; i < requests.Length; i++)
        {
            Assert.Equal((await model.GenerateAsync(requests[i])).TokenIds, answers[i]);
        }
    }

    public static TheoryData<string, TextRequest> BadRequests => new()
    {
        { "none of messages", new TextRequest() },
        { "more than one", new TextRequest { Prompt = "a", PromptIds = [1] } },
        { "messages is empty", new TextRequest { Messages = [] } },
        { "prompt_ids is empty", new TextRequest { PromptIds = [] } },
        { "expected token ids from 0", new TextRequest { PromptIds = [1, 100_000] } },
        { "takes at most 1024", new TextRequest { PromptIds = [.. Enumerable.Repeat(5, 1025)] } },
        { "max-tokens is -1", new TextRequest { Prompt = "a", MaxTokens = -1 } },
        { "the thinking budget is -3", new TextRequest { Prompt = "a", Thinking = new ThinkingRequest { Budget = -3 } } },
        { "temperature is 0", new TextRequest { Prompt = "a", Sampling = new SamplingOptions { Samples = true, Temperature = 0 } } },
    };

    [Theory]
    [MemberData(nameof(BadRequests), DisableDiscoveryEnumeration = true)]
    public async Task GenerateAsync_BadRequest_SaysWhatIsWrong(string expected, TextRequest request)
    {
        using TextModel model = Open();

        var error = await Assert.ThrowsAnyAsync<SidReasonerException>(() => model.GenerateAsync(request));

        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        Assert.Throws<SidReasonerException>(() => model.Validate(request));
    }

    private TextModel Open() => TextModel.Open(new RecommenderOptions { BundlePath = talking.TextFolder, Threads = 1, MaxParallel = 2 });
}
