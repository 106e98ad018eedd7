using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using SIDReasoner.Core;
using SIDReasoner.Decoding;
using Xunit;

namespace SIDReasoner.Runtime.Tests;

public sealed class RecommenderTests(ExportedBundle exported) : IClassFixture<ExportedBundle>
{
    [Fact]
    public async Task RecommendAsync_PromptIdsOfTheHistory_GivesTheSameAnswer()
    {
        using Recommender recommender = Open();
        int[] prompt = [1, .. new[] { 4, 9, 2 }.SelectMany(item => exported.Checkpoint.Vocabulary.Encode(recommender.Catalog.Items[item].Sid))];

        Recommendation byHistory = await recommender.RecommendAsync(new RecommendRequest { History = ["4", "9", "2"], K = 7 });
        Recommendation byPrompt = await recommender.RecommendAsync(new RecommendRequest { PromptIds = prompt, K = 7 });

        Assert.Equal(prompt.Length, byHistory.PromptTokens);
        Assert.Equal(Lines(byHistory), Lines(byPrompt));
        Assert.Equal(10, byHistory.BeamWidth);
    }

    [Theory]
    [InlineData(ScoreMode.Exact)]
    [InlineData(ScoreMode.Catalog)]
    [InlineData(ScoreMode.Reference)]
    public async Task RecommendAsync_ParallelCallers_GetWhatEachWouldGetAlone(ScoreMode mode)
    {
        using Recommender recommender = Open(parallel: 3);
        RecommendRequest[] requests = [.. Requests(60, mode)];
        var alone = new List<string>();
        foreach (RecommendRequest request in requests)
        {
            alone.Add(Lines(await recommender.RecommendAsync(request)));
        }

        Recommendation[] together = await Task.WhenAll(requests.Select(request => recommender.RecommendAsync(request)));

        Assert.Equal(alone, together.Select(Lines));
    }

    [Fact]
    public async Task RecommendManyAsync_ManyRequests_AnswersInTheirOrderAndReadsOnlyALittleAhead()
    {
        using Recommender recommender = Open(parallel: 2);
        int asked = 0, answered = 0, furthest = 0;
        IEnumerable<RecommendRequest> Counted()
        {
            foreach (RecommendRequest request in Requests(80, ScoreMode.Catalog))
            {
                asked++;
                furthest = Math.Max(furthest, asked - answered);
                yield return request;
            }
        }

        var answers = new List<string>();
        await foreach (Recommendation answer in recommender.RecommendManyAsync(Counted()))
        {
            answered++;
            answers.Add(Lines(answer));
        }

        var expected = new List<string>();
        foreach (RecommendRequest request in Requests(80, ScoreMode.Catalog))
        {
            expected.Add(Lines(await recommender.RecommendAsync(request)));
        }

        Assert.Equal(expected, answers);
        Assert.InRange(furthest, 1, 6);
    }

    [Fact]
    public async Task RecommendManyAsync_ABadRequest_GivesTheAnswersBeforeItAndThenTheError()
    {
        using Recommender recommender = Open(parallel: 2);
        RecommendRequest[] requests = [.. Requests(3, ScoreMode.Exact), new RecommendRequest { History = ["no such item"] }, .. Requests(3, ScoreMode.Exact)];
        int answers = 0;

        var error = await Assert.ThrowsAsync<SidReasonerException>(async () =>
        {
            await foreach (Recommendation _ in recommender.RecommendManyAsync(requests))
            {
                answers++;
            }
        });

        Assert.Equal(3, answers);
        Assert.Contains("'no such item'", error.Message, StringComparison.Ordinal);
        Assert.Equal(10, (await recommender.RecommendAsync(new RecommendRequest { History = ["1"] })).Items.Count);
    }

    [Fact]
    public async Task RecommendAsync_IsAllowed_RanksTheAllowedAlone()
    {
        using Recommender recommender = Open();
        bool Even(int item) => item % 2 == 0;

        Recommendation answer = await recommender.RecommendAsync(new RecommendRequest { History = ["3"], K = 1024, IsAllowed = Even });

        string[] ids = [.. answer.Items.SelectMany(item => item.ItemIds)];
        Assert.Equal(recommender.Catalog.Items.Where((_, index) => Even(index)).Select(item => item.Id).Order(), ids.Order());
    }

    [Fact]
    public async Task RecommendAsync_NothingAllowed_GivesAnEmptyList()
    {
        using Recommender recommender = Open();

        Recommendation answer = await recommender.RecommendAsync(new RecommendRequest { History = ["3"], IsAllowed = _ => false });

        Assert.Empty(answer.Items);
    }

    [Fact]
    public async Task RecommendAsync_Cancelled_ThrowsAndTheLaneGoesOn()
    {
        using Recommender recommender = Open(parallel: 1);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => recommender.RecommendAsync(new RecommendRequest { History = ["3"] }, new CancellationToken(true)));

        Assert.Equal(10, (await recommender.RecommendAsync(new RecommendRequest { History = ["3"] })).Items.Count);
    }

    [Fact]
    public async Task RecommendAsync_PromptBeyondTheContext_SaysBothLengths()
    {
        using Recommender recommender = Open();
        int[] prompt = [.. Enumerable.Repeat(5, recommender.Bundle.Manifest.Context + 1)];

        var error = await Assert.ThrowsAsync<SidReasonerException>(() => recommender.RecommendAsync(new RecommendRequest { PromptIds = prompt }));

        Assert.Contains($"{prompt.Length} tokens", error.Message, StringComparison.Ordinal);
        Assert.Contains($"at most {prompt.Length - 1}", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AddSidReasoner_Host_SharesOneRecommenderAndValidates()
    {
        await using ServiceProvider services = new ServiceCollection()
            .AddSidReasoner(options => options.BundlePath = exported.Folder)
            .BuildServiceProvider();
        await using ServiceProvider broken = new ServiceCollection().AddSidReasoner(options => options.MaxParallel = -1).BuildServiceProvider();

        Recommender recommender = services.GetRequiredService<Recommender>();

        Assert.Same(recommender, services.GetRequiredService<Recommender>());
        Assert.Equal(10, (await recommender.RecommendAsync(new RecommendRequest { History = ["0"] })).Items.Count);
        Assert.Throws<OptionsValidationException>(broken.GetRequiredService<Recommender>);
    }

    [Fact]
    public void Open_TextOnlyBundle_SaysHowToGetACatalogue()
    {
        string folder = Path.Combine(exported.Checkpoint.Root, "text");
        Export.Bundles.BundleExporter.Export(new Export.Bundles.BundleExportOptions { Checkpoint = exported.Checkpoint.Folder, Output = folder });

        var error = Assert.Throws<SidReasonerException>(() => Recommender.Open(new RecommenderOptions { BundlePath = folder }));

        Assert.Contains("--catalog", error.Message, StringComparison.Ordinal);
    }

    private Recommender Open(int parallel = 0) => Recommender.Open(new RecommenderOptions { BundlePath = exported.Folder, Threads = 1, MaxParallel = parallel, PrefixCacheBytes = 0 });

    private static IEnumerable<RecommendRequest> Requests(int count, ScoreMode mode) => Enumerable.Range(0, count).Select(i => new RecommendRequest
    {
        History = [.. Enumerable.Range(0, 1 + (i % 5)).Select(j => $"{((i * 7) + (j * 13)) % 100}")],
        K = 1 + (i % 12),
        ScoreMode = mode,
        ExcludeHistory = i % 3 == 0,
    });

    private static string Lines(Recommendation answer) =>
        string.Join('\n', answer.Items.Select(item => $"{item.Rank} {item.Sid} {string.Join(',', item.ItemIds)} {item.Title} {item.Score:R}"));
}
