using SIDReasoner.Core;
using SIDReasoner.Decoding;
using SIDReasoner.Decoding.Kernels;
using SIDReasoner.TestSupport;
using Xunit;

namespace SIDReasoner.Runtime.GenAI.Tests;

public sealed class GenAiEngineTests
{
    [Theory]
    [MemberData(nameof(Variants))]
    public void Outputs_SameCallsOnBothEngines_AreTheSameBits(string variant)
    {
        using var checkpoint = RandomCheckpoint.Create(variant, seed: 41);
        using var bundle = new TestBundle(checkpoint.Folder, checkpoint.CatalogFolder, options => options with { ReferenceEnd = [7, 2] });
        using var onnx = bundle.LoadOnnx();
        using var one = onnx.CreateSession();
        using var genAi = bundle.LoadGenAi();
        using var other = genAi.CreateSession();
        int[] prompt = [.. Enumerable.Range(0, 120).Select(i => (i * 7) % 60)];
        int[] sids = [.. checkpoint.Vocabulary.TokenIds.Take(12)];

        Run(session => session.AppendTokens(prompt, Decode.All | StepOutputs.EndLogits));
        Run(session => session.AppendTokens([5], Decode.All | StepOutputs.EndLogits));
        Run(session => session.AppendBeams(sids, [.. Enumerable.Repeat(-1, 12)], Decode.Rows | StepOutputs.EndLogits));
        Run(session => session.AppendBeams(sids.AsSpan(0, 5), [3, 3, 0, 11, 7], Decode.Rows | StepOutputs.EndLogits));

        void Run(Action<IDecoderSession> call)
        {
            call(one);
            call(other);
            Assert.Equal(one.Logits.AsSpan(), other.Logits.AsSpan());
            Assert.Equal(one.SidLogits.AsSpan(), other.SidLogits.AsSpan());
            Assert.Equal(one.LogSumExp.AsSpan(), other.LogSumExp.AsSpan());
            Assert.Equal(one.EndLogits.AsSpan(), other.EndLogits.AsSpan());
            Assert.Equal((one.SidLogits.Rows, one.EndLogits.Columns), (other.SidLogits.Rows, other.EndLogits.Columns));
        }
    }

    public static TheoryData<string> Variants => [.. RandomCheckpoint.Variants];

    [Fact]
    public void AppendTokens_PromptOfSeveralPieces_EqualsOnnxRuntime()
    {
        using var checkpoint = RandomCheckpoint.Create("qwen3-tied", seed: 42);
        (checkpoint.Config with { MaxPositions = 2048 }).Save(Path.Combine(checkpoint.Folder, "config.json"));
        using var bundle = TestBundle.Of(checkpoint);
        using var onnx = bundle.LoadOnnx();
        using var one = onnx.CreateSession();
        using var genAi = bundle.LoadGenAi();
        using var other = genAi.CreateSession();
        int[] prompt = [.. Enumerable.Range(0, 1100).Select(i => (i * 13) % 60)];

        one.AppendTokens(prompt, Decode.All);
        other.AppendTokens(prompt, Decode.All);

        Assert.Equal(one.Logits.AsSpan(), other.Logits.AsSpan());
        Assert.Equal(prompt.Length, other.Length);
    }

    [Fact]
    public void Sessions_PromptsThatBeginAlike_RunOnlyWhatDiffers()
    {
        using var checkpoint = RandomCheckpoint.Create("qwen3-tied", seed: 43);
        using var bundle = TestBundle.Of(checkpoint);
        using var engine = bundle.LoadGenAi();
        using var fresh = bundle.LoadGenAi(options => options with { ReusePrefixes = false });
        int[] prompt = [.. Enumerable.Range(0, 60).Select(i => (i * 7) % 60)];
        int[] longer = [.. prompt, 3, 4, 5];
        using (var first = engine.CreateSession())
        {
            first.AppendTokens(prompt, Decode.Rows);
            first.AppendBeams([40, 41], [-1, -1], Decode.Rows);
        }

        using var second = engine.CreateSession();
        second.AppendTokens(longer, Decode.All);

        Assert.Equal(3, second.ComputedTokenCount);
        Decode.AssertClose(Decode.Fresh(fresh, longer), second.Logits.AsSpan());
        second.Rewind(0);
        second.AppendTokens(longer, Decode.All);
        Assert.Equal(4, second.ComputedTokenCount);
        using var whole = fresh.CreateSession();
        whole.AppendTokens(longer, Decode.All);
        whole.Rewind(0);
        whole.AppendTokens(longer, Decode.All);
        Assert.Equal(2 * longer.Length, whole.ComputedTokenCount);
    }

    [Fact]
    public void Pool_MoreTextsThanItKeeps_StaysBounded()
    {
        using var checkpoint = RandomCheckpoint.Create("qwen3-tied", seed: 44);
        using var bundle = TestBundle.Of(checkpoint);
        using var engine = bundle.LoadGenAi(options => options with { MaxIdleGenerators = 3 });

        for (var round = 0; round < 4; round++)
        {
            var sessions = Enumerable.Range(0, 5).Select(_ => engine.CreateSession()).ToList();
            for (var i = 0; i < sessions.Count; i++)
                sessions[i].AppendTokens([i, round, 7, 8, 9], Decode.Rows);
            sessions.ForEach(session => session.Dispose());
        }

        Assert.Equal(3, engine.IdleGeneratorCount);
        using var known = engine.CreateSession();
        known.AppendTokens([4, 3, 7, 8, 9], Decode.Rows);
        Assert.Equal(1, known.ComputedTokenCount);
    }

    [Fact]
    public async Task Search_SixteenAtOnceOverOneModel_EqualsOneByOne()
    {
        using var checkpoint = RandomCheckpoint.Create("qwen3-tied", seed: 45);
        using var bundle = TestBundle.Of(checkpoint);
        using var engine = bundle.LoadGenAi(options => options with { ReusePrefixes = false });
        using var trie = checkpoint.Catalog.BuildTrie(checkpoint.Vocabulary);
        var expected = Enumerable.Range(0, 16).Select(Request).ToList();

        for (var round = 0; round < 3; round++)
        {
            var found = await Task.WhenAll(Enumerable.Range(0, 16).Select(i => Task.Run(() => Request(i))));

            Assert.Equal(expected, found);
        }

        List<Hypothesis> Request(int number)
        {
            using var session = engine.CreateSession();
            var results = new Hypothesis[10];
            session.AppendTokens([.. Enumerable.Range(0, 20 + number).Select(i => (i * (number + 3)) % 60)], Decode.Rows);
            var count = new SidBeamSearch(trie, new ManagedBeamKernel()).Search(session, new SearchOptions { BeamWidth = 10 }, results);
            return [.. results.Take(count)];
        }
    }

    [Fact]
    public void Load_PrecisionTheBundleLacks_NamesThoseItHas()
    {
        using var checkpoint = RandomCheckpoint.Create("qwen3-tied", seed: 47);
        using var bundle = TestBundle.Of(checkpoint);

        var error = Assert.Throws<SidReasonerException>(() => bundle.LoadGenAi(options => options with { Precision = "int3" }));

        Assert.Contains("'int3'", error.Message, StringComparison.Ordinal);
        Assert.Contains("'fp32'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void RequireLoadable_NoLibraryAnywhere_NamesEachPathTried()
    {
        var folder = Directory.CreateTempSubdirectory("sidr-lib-").FullName;
        File.WriteAllText(Path.Combine(folder, "libonnxruntime-genai.so"), "not a library");
        string[] folders = [Path.Combine(folder, "nowhere"), folder];

        var error = Assert.Throws<SidReasonerException>(() => GenAiLibrary.RequireLoadable("libonnxruntime-genai.so", folders));

        Assert.Contains(Path.Combine(folder, "nowhere", "libonnxruntime-genai.so") + " (not found)", error.Message, StringComparison.Ordinal);
        Assert.Contains(Path.Combine(folder, "libonnxruntime-genai.so") + " (", error.Message, StringComparison.Ordinal);
        Assert.Contains("use engine 'onnxruntime'", error.Message, StringComparison.Ordinal);
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task Recommender_BothEngines_GiveTheSameLists()
    {
        using var checkpoint = RandomCheckpoint.Create("qwen3-tied", seed: 48);
        using var bundle = new TestBundle(checkpoint.Folder, checkpoint.CatalogFolder, options => options with { ReferenceEnd = [7, 2] });
        var options = new RecommenderOptions { BundlePath = bundle.Path, Threads = 1, MaxParallel = 2 };
        using var onnx = Recommender.Open(options);
        using var genAi = Recommender.Open(options, (opened, _) => GenAiEngine.Load(opened, new GenAiEngineOptions { Threads = 1 }));
        var random = new Random(5);

        for (var i = 0; i < 40; i++)
        {
            var request = new RecommendRequest
            {
                PromptIds = [.. Enumerable.Range(0, random.Next(1, 50)).Select(_ => random.Next(60))],
                K = random.Next(1, 30),
                BeamWidth = random.Next(1, 60),
                ScoreMode = (ScoreMode)(i % 3),
                IsAllowed = i % 4 == 0 ? item => item % 4 != 0 : null,
            };
            var expected = await onnx.RecommendAsync(request);
            var actual = await genAi.RecommendAsync(request);

            Assert.Equal("onnxruntime", expected.Engine);
            Assert.Equal("genai", actual.Engine);
            Assert.Equal(expected.Items.Select(item => item.Sid), actual.Items.Select(item => item.Sid));
            Assert.All(expected.Items.Zip(actual.Items), pair => Assert.InRange(pair.Second.Score, pair.First.Score - 1e-4, pair.First.Score + 1e-4));
        }
    }
}
