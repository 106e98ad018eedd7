using SIDReasoner.Core;
using SIDReasoner.Core.Text;
using SIDReasoner.Decoding;
using SIDReasoner.Decoding.Sampling;
using SIDReasoner.Runtime.Serving;
using Xunit;

namespace SIDReasoner.Runtime.Tests;

public sealed class ThinkingTests(TalkingBundle talking) : IClassFixture<TalkingBundle>
{
    private static readonly string[] s_history = ["3", "7", "1"];

    [Theory]
    [InlineData(ScoreMode.Exact)]
    [InlineData(ScoreMode.Catalog)]
    public async Task RecommendAsync_Thinking_RanksAsAfterPromptThoughtAndClosing(ScoreMode mode)
    {
        using Recommender recommender = Open();
        var request = new RecommendRequest { History = s_history, ScoreMode = mode, Thinking = new ThinkingRequest { Budget = 20 } };

        Recommendation answer = await recommender.RecommendAsync(request);

        ByteLevelBpeTokenizer tokenizer = ByteLevelBpeTokenizer.Load(talking.Folder);
        PromptTemplate template = PromptTemplate.Load(talking.Folder);
        int[] prompt = template.Build([.. s_history.Select(id => recommender.Catalog.Items[int.Parse(id, System.Globalization.CultureInfo.InvariantCulture)])], talking.Checkpoint.Vocabulary, tokenizer, thinks: true);
        int[] closing = tokenizer.Encode(template.ThinkClose);
        int[] all = [.. prompt, .. answer.Thinking!.TokenIds, .. answer.Thinking.IsClosed ? closing[2..] : closing];
        Recommendation cold = await recommender.RecommendAsync(new RecommendRequest { PromptIds = all, ScoreMode = mode });
        Assert.Equal(prompt.Length, answer.PromptTokens);
        Assert.Equal(tokenizer.Decode([.. answer.Thinking.TokenIds]), answer.Thinking.Text);
        Assert.InRange(answer.Thinking.TokenIds.Count, 1, 20);
        Assert.Equal(cold.Items.Select(item => item.Sid), answer.Items.Select(item => item.Sid));
        Assert.All(cold.Items.Zip(answer.Items), pair => Assert.Equal(pair.First.Score, pair.Second.Score, 1e-4f));
        Assert.True(answer.Stages.Thinking > 0);
        Assert.Null(cold.Thinking);
        Assert.Equal(0, cold.Stages.Thinking);
    }

    [Fact]
    public async Task RecommendAsync_PromptIdsAndBudgetZero_ClosesAtOnce()
    {
        using Recommender recommender = Open();
        int[] closing = ByteLevelBpeTokenizer.Load(talking.Folder).Encode("\n</think>\n");

        Recommendation answer = await recommender.RecommendAsync(new RecommendRequest { PromptIds = [2, 100, 101], Thinking = new ThinkingRequest { Budget = 0 } });
        Recommendation cold = await recommender.RecommendAsync(new RecommendRequest { PromptIds = [2, 100, 101, .. closing] });

        Assert.Empty(answer.Thinking!.TokenIds);
        Assert.False(answer.Thinking.IsClosed);
        Assert.Equal(cold.Items.Select(item => item.Sid), answer.Items.Select(item => item.Sid));
    }

    [Fact]
    public async Task StreamAsync_Thinking_GivesTheTextInPiecesThenTheAnswer()
    {
        using Recommender recommender = Open();
        var request = new RecommendRequest { History = s_history, Thinking = new ThinkingRequest { Budget = 40, Sampling = new SamplingOptions { Samples = true, Seed = 5 } } };
        string text = "";
        Recommendation? answer = null;

        await foreach (RecommendationStep step in recommender.StreamAsync(request))
        {
            Assert.Null(answer);
            text += step.ThinkingText;
            answer = step.Answer;
        }

        Recommendation again = await recommender.RecommendAsync(request);
        Assert.Equal(again.Thinking!.Text, text);
        Assert.Equal(again.Thinking.TokenIds, answer!.Thinking!.TokenIds);
        Assert.Equal(again.Items.Select(item => item.Sid), answer.Items.Select(item => item.Sid));
    }

    [Fact]
    public async Task RecommendAsync_ParallelSampledThoughts_AreWhatEachWouldBeAlone()
    {
        using Recommender recommender = Open();
        RecommendRequest[] requests = [.. Enumerable.Range(0, 20).Select(i => new RecommendRequest
        {
            History = [i.ToString(System.Globalization.CultureInfo.InvariantCulture)],
            Thinking = new ThinkingRequest { Budget = 15, Sampling = new SamplingOptions { Samples = true, Seed = (ulong)i, Temperature = 3 } },
        })];
        var alone = new List<string>();
        foreach (RecommendRequest request in requests)
        {
            alone.Add((await recommender.RecommendAsync(request)).Thinking!.Text);
        }

        Recommendation[] together = await Task.WhenAll(requests.Select(request => recommender.RecommendAsync(request)));

        Assert.Equal(alone, together.Select(answer => answer.Thinking!.Text));
        Assert.True(alone.Distinct().Count() > 10, string.Join('|', alone));
    }

    [Fact]
    public async Task StreamAsync_ReaderStops_LeavesTheRecommenderUsable()
    {
        using Recommender recommender = Open(parallel: 1);
        var request = new RecommendRequest { History = s_history, Thinking = new ThinkingRequest { Budget = 900, Sampling = new SamplingOptions { Samples = true } } };

        await foreach (RecommendationStep step in recommender.StreamAsync(request))
        {
            break;
        }

        Recommendation answer = await recommender.RecommendAsync(new RecommendRequest { History = s_history });
        Assert.Equal(10, answer.Items.Count);
    }

    [Theory]
    [InlineData(-1, "the thinking budget is -1")]
    [InlineData(1020, "use a budget of at most")]
    public async Task RecommendAsync_BudgetOutOfRange_SaysWhatIsPossible(int budget, string expected)
    {
        using Recommender recommender = Open();
        var request = new RecommendRequest { History = s_history, Thinking = new ThinkingRequest { Budget = budget } };

        var error = await Assert.ThrowsAsync<SidReasonerException>(() => recommender.RecommendAsync(request));

        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task RecommendAsync_HistoryAndBudgetBeyondTheContext_LeavesOutTheOldestItemsOrRefuses()
    {
        using Recommender recommender = Open();
        string[] history = [.. Enumerable.Range(0, 10).Select(i => i.ToString(System.Globalization.CultureInfo.InvariantCulture))];
        int whole = (await recommender.RecommendAsync(new RecommendRequest { History = history, Thinking = new ThinkingRequest { Budget = 0 } })).PromptTokens;
        int closing = ByteLevelBpeTokenizer.Load(talking.Folder).Encode("\n</think>\n").Length;
        var request = new RecommendRequest { History = history, Thinking = new ThinkingRequest { Budget = 1024 - whole - closing + 1 } };

        Recommendation answer = await recommender.RecommendAsync(request);
        Recommendation shorter = await recommender.RecommendAsync(request with { History = history[answer.DroppedItems..] });
        var error = await Assert.ThrowsAsync<SidReasonerException>(() => recommender.RecommendAsync(request with { RequireWholeHistory = true }));

        Assert.Equal(1, answer.DroppedItems);
        Assert.Equal(0, shorter.DroppedItems);
        Assert.Equal(shorter.PromptTokens, answer.PromptTokens);
        Assert.Equal(shorter.Items.Select(item => item.Sid), answer.Items.Select(item => item.Sid));
        Assert.Contains("use a budget of at most", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Find_SidsInText_AreNamedOnceAndUnknownOnesFlagged()
    {
        using Recommender recommender = Open();
        var known = recommender.Catalog.Items[5];
        string text = $"Like {known.Sid}, {known.Sid}<a_999><b_0><c_1> but <a_1 <b_> <c_7> x<y_2";

        IReadOnlyList<SidMention> mentions = SidMentions.Find(text, recommender.Catalog);

        Assert.Equal([known.Sid.ToString(), "<a_999><b_0><c_1>", "<c_7>"], mentions.Select(mention => mention.Sid.ToString()));
        Assert.Equal([known.Title, null, null], mentions.Select(mention => mention.Title));
        Assert.Equal([true, false, false], mentions.Select(mention => mention.IsKnown));
        Assert.Contains(known.Id, mentions[0].ItemIds);
    }

    private Recommender Open(int parallel = 2) => Recommender.Open(new RecommenderOptions { BundlePath = talking.Folder, Threads = 1, MaxParallel = parallel });
}
