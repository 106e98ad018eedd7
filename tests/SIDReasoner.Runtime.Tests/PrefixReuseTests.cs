using SIDReasoner.Core;
using SIDReasoner.Decoding;
using SIDReasoner.Decoding.Sampling;
using SIDReasoner.Export.Bundles;
using SIDReasoner.Runtime.Bundles;
using SIDReasoner.Runtime.Model;
using SIDReasoner.TestSupport;
using Xunit;

namespace SIDReasoner.Runtime.Tests;

/// <summary>A model that spells text, with two adapters.</summary>
public sealed class AdaptedBundle : IDisposable
{
    private readonly RandomCheckpoint _checkpoint = RandomCheckpoint.CreateTalking(seed: 35);

    public AdaptedBundle() => BundleExporter.Export(new BundleExportOptions
    {
        Checkpoint = _checkpoint.Folder,
        Catalog = _checkpoint.CatalogFolder,
        Output = Folder,
        ReferenceEnd = [10, 1],
        Adapters = new Dictionary<string, string>
        {
            ["one"] = RandomAdapter.Write(_checkpoint, "one", seed: 1),
            ["two"] = RandomAdapter.Write(_checkpoint, "two", seed: 2),
        },
    });

    public string Folder => Path.Combine(_checkpoint.Root, "bundle");

    public void Dispose() => _checkpoint.Dispose();
}

/// <summary>What a recommender keeps of earlier prompts saves work and changes nothing; a cold run, which keeps nothing, is the oracle.</summary>
public sealed class PrefixReuseTests(AdaptedBundle adapted) : IClassFixture<AdaptedBundle>
{
    private const float Tolerance = 1e-4f;

    [Theory]
    [InlineData(64L << 20, 1)]
    [InlineData(64L << 20, 4)]
    [InlineData(300_000, 4)]
    public async Task RecommendAsync_PromptsThatShareTheirStarts_GivesWhatAColdRunGives(long bytes, int parallel)
    {
        using Recommender cold = Open(0);
        using Recommender warm = Open(bytes, parallel);
        RecommendRequest[] requests = [.. Requests(seed: parallel, count: 180)];

        Task<Recommendation?>[] asked = [.. requests.Select((request, i) => Ask(request, i))];
        Recommendation?[] answers = await Task.WhenAll(asked);

        int reused = 0, compared = 0, turned = 0;
        for (int i = 0; i < requests.Length; i++)
        {
            if (answers[i] is not { } answer)
            {
                continue;
            }

            Recommendation expected = await cold.RecommendAsync(requests[i]);
            Assert.Equal(0, expected.PrefixTokens);
            Assert.InRange(answer.PrefixTokens, 0, answer.PromptTokens - 1);
            reused += answer.PrefixTokens;
            compared++;
            turned += IsSame(expected, answer) ? 0 : 1;
        }

        // A thought may take another turn where two tokens are equal to the sixth digit; a wrong row would show in nearly every list.
        Assert.InRange(turned, 0, compared / 50);
        Assert.InRange(compared, requests.Length / 2, requests.Length - 1);
        Assert.InRange(reused, bytes > 1 << 20 ? 40 * compared : compared, int.MaxValue);

        async Task<Recommendation?> Ask(RecommendRequest request, int i)
        {
            // Some are cancelled while they think, some cannot be answered at all.
            if (i % 17 == 3)
            {
                await Assert.ThrowsAsync<SidReasonerException>(() => warm.RecommendAsync(request with { PromptIds = [.. request.PromptIds!, 1 << 20] }));
                return null;
            }

            if (request.Thinking is null || i % 5 != 0)
            {
                return await warm.RecommendAsync(request);
            }

            using var cancelled = new CancellationTokenSource();
            int pieces = 0;
            await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
            {
                await foreach (RecommendationStep step in warm.StreamAsync(request, cancelled.Token))
                {
                    if (pieces++ == 1 || step.Answer is not null)
                    {
                        await cancelled.CancelAsync();
                        cancelled.Token.ThrowIfCancellationRequested();
                    }
                }
            });
            return null;
        }
    }

    [Fact]
    public async Task RecommendAsync_UserReturnsWithOneMoreItem_RunsWhatIsNewAlone()
    {
        using Recommender recommender = Open(64 << 20);
        var first = new RecommendRequest { History = ["3", "7", "1", "9", "12", "20"] };
        RecommendRequest second = first with { History = [.. first.History!, "44"] };

        int[] lengths = [(await recommender.RecommendAsync(first)).PromptTokens, (await recommender.RecommendAsync(second)).PromptTokens];
        Recommendation again = await recommender.RecommendAsync(second);
        Recommendation asAnother = await recommender.RecommendAsync(second with { Adapter = "one" });
        using Recommender other = Open(64 << 20);
        await other.RecommendAsync(first);
        Recommendation returned = await other.RecommendAsync(second);

        // The first prompt's end is not part of the second: both end alike behind different histories.
        Assert.InRange(returned.PrefixTokens, lengths[0] - 4, lengths[0] - 1);
        Assert.Equal(lengths[1] - 1, again.PrefixTokens);
        Assert.Equal(0, asAnother.PrefixTokens);
    }

    [Fact]
    public async Task RecommendAsync_NothingKept_RunsEveryPromptWhole()
    {
        using Recommender recommender = Open(0);
        var request = new RecommendRequest { History = ["3", "7", "1"] };

        await recommender.RecommendAsync(request);

        Assert.Equal(0, (await recommender.RecommendAsync(request)).PrefixTokens);
    }

    [Fact]
    public async Task GenerateAsync_SamePromptTwice_RunsItsLastTokenAlone()
    {
        using var model = TextModel.Open(new RecommenderOptions { BundlePath = adapted.Folder, Threads = 1, MaxParallel = 1 });
        var request = new TextRequest { PromptIds = [.. Enumerable.Range(0, 90).Select(i => i % 70)], MaxTokens = 12 };

        GeneratedText first = await model.GenerateAsync(request);
        GeneratedText second = await model.GenerateAsync(request);

        Assert.Equal((0, 89), (first.PrefixTokens, second.PrefixTokens));
        Assert.Equal(first.TokenIds, second.TokenIds);
    }

    [Theory]
    [InlineData(40, 100)]
    [InlineData(300, 301)]
    [InlineData(600, 900)]
    public void AppendTokens_CutAtTheSameBorders_GivesTheSameBits(int kept, int length)
    {
        using var bundle = OnnxModel.Load(Bundle.Open(adapted.Folder), new OnnxModelOptions { Threads = 1, PrefixCacheBytes = 64 << 20 });
        using var model = OnnxModel.Load(Bundle.Open(adapted.Folder), new OnnxModelOptions { Threads = 1 });
        int[] prompt = [.. Enumerable.Range(0, length).Select(i => i * 7 % 97)];
        int[] sids = [.. Enumerable.Range(0, 20).Select(i => 110 + i)];
        const StepOutputs all = StepOutputs.Logits | StepOutputs.SidLogits | StepOutputs.LogSumExp;
        using OnnxDecoderSession first = bundle.CreateSession(), warm = bundle.CreateSession(), cold = model.CreateSession();

        first.AppendTokens(prompt.AsSpan(0, kept), StepOutputs.None);
        warm.AppendTokens(prompt, all);
        cold.AppendTokens(prompt.AsSpan(0, kept), StepOutputs.None);
        cold.AppendTokens(prompt.AsSpan(kept), all);

        Assert.Equal((kept, 0), (warm.ReusedTokens, cold.ReusedTokens));
        AssertSameBits();
        foreach (OnnxDecoderSession session in new[] { warm, cold })
        {
            session.AppendBeams(sids, [.. Enumerable.Repeat(-1, sids.Length)], StepOutputs.SidLogits | StepOutputs.LogSumExp);
        }

        AssertSameBits();

        void AssertSameBits()
        {
            Assert.Equal(cold.Logits.AsSpan(), warm.Logits.AsSpan());
            Assert.Equal(cold.SidLogits.AsSpan(), warm.SidLogits.AsSpan());
            Assert.Equal(cold.LogSumExp.AsSpan(), warm.LogSumExp.AsSpan());
        }
    }

    /// <summary>One session goes from request to request, and leaves out copying rows that lie in its cache still: whatever overwrote some of them must show.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void AppendTokens_SessionThatDidOtherThingsBetween_EqualsAColdOne(int seed)
    {
        using var kept = OnnxModel.Load(Bundle.Open(adapted.Folder), new OnnxModelOptions { Threads = 1, PrefixCacheBytes = 64 << 20 });
        using var none = OnnxModel.Load(Bundle.Open(adapted.Folder), new OnnxModelOptions { Threads = 1 });
        using OnnxDecoderSession warm = kept.CreateSession(), cold = none.CreateSession(), other = kept.CreateSession();
        var random = new Random(seed);
        int[] Draw(int count) => [.. Enumerable.Range(0, count).Select(_ => random.Next(140))];
        int[][] starts = [Draw(20), Draw(40), Draw(70)];
        int reused = 0;

        for (int i = 0; i < 60; i++)
        {
            int[] start = starts[random.Next(starts.Length)];
            int[] prompt = [.. start[..random.Next(10, start.Length + 1)], .. Draw(random.Next(1, i == 30 ? 400 : 30))];
            OnnxDecoderSession own = random.Next(3) == 0 ? other : warm;
            foreach (OnnxDecoderSession session in new[] { own, cold })
            {
                session.Rewind(0);
                session.AppendTokens(prompt, StepOutputs.Logits);
                reused += session.ReusedTokens;
            }

            Assert.Equal(cold.Length, own.Length);
            Assert.All(cold.Logits.AsSpan().ToArray().Zip(own.Logits.AsSpan().ToArray()), pair => Assert.Equal(pair.First, pair.Second, Tolerance));
            if (random.Next(2) == 0)
            {
                own.Rewind(random.Next(1, own.Length + 1));
            }

            if (random.Next(2) == 0)
            {
                own.AppendTokens(Draw(random.Next(1, 4)), StepOutputs.None);
            }

            if (random.Next(2) == 0)
            {
                own.AppendBeams(Draw(5), [-1, -1, -1, -1, -1], StepOutputs.None);
            }
        }

        Assert.True(reused > 500);
    }

    private static bool IsSame(Recommendation expected, Recommendation answer)
    {
        if (!(expected.Thinking?.TokenIds ?? []).SequenceEqual(answer.Thinking?.TokenIds ?? []) || expected.Items.Count != answer.Items.Count)
        {
            return false;
        }

        // Places may swap where scores are equal up to the tolerance.
        var scores = expected.Items.ToDictionary(item => item.Sid, item => item.Score);
        return expected.Items.Zip(answer.Items).All(pair =>
            MathF.Abs(pair.First.Score - pair.Second.Score) <= Tolerance
            && (pair.First.Sid == pair.Second.Sid || !scores.TryGetValue(pair.Second.Sid, out float score) || MathF.Abs(score - pair.Second.Score) <= Tolerance));
    }

    /// <summary>Users who come again: prompts that go on from the start of an earlier one, under any adapter, with and without a thought.</summary>
    private static IEnumerable<RecommendRequest> Requests(int seed, int count)
    {
        var random = new Random(seed);
        var prompts = new List<int[]>();
        for (int i = 0; i < count; i++)
        {
            int[] start = prompts.Count == 0 || random.Next(8) == 0 ? [] : prompts[random.Next(prompts.Count)];
            start = start[..random.Next(start.Length / 2, start.Length + 1)];
            int[] prompt = [.. start.Take(700), .. Enumerable.Range(0, random.Next(1, start.Length == 0 ? 600 : 60)).Select(_ => random.Next(140))];
            prompts.Add(prompt);
            yield return new RecommendRequest
            {
                PromptIds = prompt,
                K = random.Next(1, 20),
                BeamWidth = random.Next(1, 30),
                ScoreMode = (i % 3) switch { 0 => ScoreMode.Exact, 1 => ScoreMode.Catalog, _ => ScoreMode.Reference },
                Adapter = random.Next(3) switch { 0 => "one", 1 => "two", _ => null },
                Thinking = random.Next(3) != 0 ? null : new ThinkingRequest { Budget = random.Next(4, 12), Sampling = new SamplingOptions { Samples = i % 4 == 0, Seed = (ulong)i } },
            };
        }
    }

    private Recommender Open(long bytes, int parallel = 1) => Recommender.Open(
        new RecommenderOptions { BundlePath = adapted.Folder, Threads = 1, MaxParallel = parallel, PrefixCacheBytes = bytes });
}
