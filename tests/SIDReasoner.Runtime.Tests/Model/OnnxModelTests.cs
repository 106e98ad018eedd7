using SIDReasoner.Core;
using SIDReasoner.Decoding;
using SIDReasoner.Runtime.Bundles;
using SIDReasoner.Runtime.Model;
using SIDReasoner.TestSupport;
using Xunit;

namespace SIDReasoner.Runtime.Tests.Model;

public sealed class OnnxModelTests
{
    [Fact]
    public void CreateSession_ManyThreads_EqualOneByOne()
    {
        using var checkpoint = RandomCheckpoint.Create("qwen3-tied", seed: 31);
        using var source = new OnnxSessionSource(checkpoint.Folder, checkpoint.CatalogFolder);
        int[][] prompts = [.. Enumerable.Range(0, 16).Select(n => Enumerable.Range(n, 5 + n).Select(i => i * 7 % 40).ToArray())];
        var expected = prompts.Select(Request).ToArray();

        var found = new float[prompts.Length][];
        Parallel.For(0, prompts.Length, new ParallelOptions { MaxDegreeOfParallelism = 8 }, i => found[i] = Request(prompts[i]));

        Assert.Equal(expected, found);

        float[] Request(int[] prompt)
        {
            using var session = source.CreateSession();
            session.AppendTokens(prompt, StepOutputs.SidLogits);
            session.AppendBeams([checkpoint.Vocabulary.TokenIds[1], checkpoint.Vocabulary.TokenIds[2]], [-1, -1], StepOutputs.SidLogits);
            return session.SidLogits.AsSpan().ToArray();
        }
    }

    [Fact]
    public void AppendTokens_PromptLongerThanAPiece_EqualsTokenByToken()
    {
        using var checkpoint = RandomCheckpoint.Create("qwen3-tied", seed: 32);
        var config = checkpoint.Config with { MaxPositions = 2048 };
        config.Save(Path.Combine(checkpoint.Folder, "config.json"));
        using var source = new OnnxSessionSource(checkpoint.Folder, checkpoint.CatalogFolder);
        using var whole = source.CreateSession();
        using var single = source.CreateSession();
        int[] prompt = [.. Enumerable.Range(0, 2 * OnnxDecoderSession.MaxPieceTokens + 37).Select(i => i * i % 40)];

        whole.AppendTokens(prompt, StepOutputs.Logits);
        foreach (var token in prompt)
            single.AppendTokens([token], StepOutputs.Logits);

        Assert.InRange(GoldenJson.Distance(whole.Logits.AsSpan(), single.Logits.AsSpan()), 0, 1e-4f);
    }

    [Fact]
    public void AppendBeams_LevelWiderThanAPiece_EqualsEachPathAsText()
    {
        using var checkpoint = RandomCheckpoint.Create("qwen3-tied", seed: 37);
        using var source = new OnnxSessionSource(checkpoint.Folder, checkpoint.CatalogFolder);
        using var session = source.CreateSession();
        using var single = source.CreateSession();
        const StepOutputs outputs = StepOutputs.SidLogits | StepOutputs.LogSumExp;
        int[] prompt = [3, 1, 4, 1, 5];
        var ids = checkpoint.Vocabulary.TokenIds;
        var random = new Random(38);
        var width = OnnxDecoderSession.MaxPieceRows + 70;
        int[] first = [.. Enumerable.Range(0, 90).Select(_ => ids[random.Next(ids.Count)])];
        int[] parents = [.. Enumerable.Range(0, width).Select(_ => random.Next(first.Length))];
        int[] second = [.. Enumerable.Range(0, width).Select(_ => ids[random.Next(ids.Count)])];
        int[] thirdParents = [.. Enumerable.Range(0, 40).Select(i => width - 1 - (i * 13))];
        int[] third = [.. Enumerable.Range(0, 40).Select(_ => ids[random.Next(ids.Count)])];
        session.AppendTokens(prompt, StepOutputs.None);
        session.AppendBeams(first, Enumerable.Repeat(-1, first.Length).ToArray(), StepOutputs.None);

        session.AppendBeams(second, parents, outputs);
        Assert.Equal(width, session.SidLogits.Rows);
        Assert.Equal(width, session.LogSumExp.Rows);
        for (var row = 0; row < width; row += 23)
            AssertRow(row, first[parents[row]], second[row]);
        session.AppendBeams(third, thirdParents, outputs);
        for (var row = 0; row < third.Length; row += 3)
            AssertRow(row, first[parents[thirdParents[row]]], second[thirdParents[row]], third[row]);

        void AssertRow(int row, params int[] path)
        {
            single.Rewind(0);
            single.AppendTokens([.. prompt, .. path], outputs);
            Assert.InRange(GoldenJson.Distance(session.SidLogits.AsSpan().Slice(row * ids.Count, ids.Count), single.SidLogits.AsSpan()), 0, 1e-4f);
            Assert.InRange(GoldenJson.Distance(session.LogSumExp.AsSpan().Slice(row, 1), single.LogSumExp.AsSpan()), 0, 1e-4f);
        }
    }

    [Fact]
    public void AppendBeams_MoreRowsThanFit_IsRefusedAndChangesNothing()
    {
        using var checkpoint = RandomCheckpoint.Create("qwen3-tied", seed: 33);
        using var source = new OnnxSessionSource(checkpoint.Folder, checkpoint.CatalogFolder, o => o with { Context = 16, MaxBeams = 4 });
        using var session = source.CreateSession();
        session.AppendTokens([1, 2, 3], StepOutputs.None);
        var rows = new int[session.Capacity - 2];

        var error = Assert.Throws<InvalidOperationException>(() => session.AppendBeams(rows, Enumerable.Repeat(-1, rows.Length).ToArray(), StepOutputs.SidLogits));
        Assert.Contains("--max-beams", error.Message);
        Assert.Contains("--context", Assert.Throws<InvalidOperationException>(() => session.AppendTokens(new int[14], StepOutputs.None)).Message);

        session.AppendBeams(rows.AsSpan(1), Enumerable.Repeat(-1, rows.Length - 1).ToArray(), StepOutputs.SidLogits);
        Assert.Equal(rows.Length - 1, session.SidLogits.Rows);
    }

    [Fact]
    public void Load_UnknownPrecision_SaysWhichThereAre()
    {
        using var checkpoint = RandomCheckpoint.Create("qwen3-tied", seed: 34);
        using var source = new OnnxSessionSource(checkpoint.Folder);

        var error = Assert.Throws<SidReasonerException>(() => OnnxModel.Load(source.Bundle, new OnnxModelOptions { Precision = "int8" }));

        Assert.Contains("'fp32'", error.Message);
    }

    [Fact]
    public void Load_WithoutPrepacking_GivesTheSameLogits()
    {
        using var checkpoint = RandomCheckpoint.Create("qwen2-biases", seed: 35);
        using var source = new OnnxSessionSource(checkpoint.Folder, checkpoint.CatalogFolder);
        using var other = OnnxModel.Load(Bundle.Open(source.Bundle.Path), new OnnxModelOptions { Prepack = false, Threads = 1 });
        using var session = source.CreateSession();
        using var otherSession = other.CreateSession();

        session.AppendTokens([4, 8, 15], StepOutputs.Logits);
        otherSession.AppendTokens([4, 8, 15], StepOutputs.Logits);

        Assert.InRange(GoldenJson.Distance(session.Logits.AsSpan(), otherSession.Logits.AsSpan()), 0, 1e-5f);
    }

    [Fact]
    public void AppendTokens_SidLogitsOfABundleForText_AreRefused()
    {
        using var checkpoint = RandomCheckpoint.Create("qwen3-tied", seed: 36);
        File.Delete(Path.Combine(checkpoint.Folder, "sidreasoner.json"));
        using var source = new OnnxSessionSource(checkpoint.Folder);
        using var session = source.CreateSession();

        Assert.Equal(0, session.SidColumnCount);
        Assert.Contains("--catalog", Assert.Throws<ArgumentException>(() => session.AppendTokens([1], StepOutputs.SidLogits)).Message);
    }
}
