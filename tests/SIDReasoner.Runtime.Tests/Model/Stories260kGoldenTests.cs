using System.Text.Json;
using SIDReasoner.Decoding;
using SIDReasoner.TestSupport;
using Xunit;

namespace SIDReasoner.Runtime.Tests.Model;

/// <summary>A real model that this project did not train, as a bundle of text alone: heads of 8, so that rotation happens outside attention.</summary>
public sealed class Stories260kGoldenTests
{
    private const string Folder = "models/stories260k";
    private const float Tolerance = 1e-3f;

    [SkippableFact]
    public void AppendTokens_FromTheStart_ContinuesLetterForLetter()
    {
        var golden = Golden();
        using var source = new OnnxSessionSource(GoldenCases.RequireData(Folder));
        using var session = source.CreateSession();
        var expected = golden.GetProperty("bos_greedy").GetProperty("ids").Ints();

        session.AppendTokens(expected.AsSpan(0, 1), StepOutputs.Logits);
        Assert.InRange(GoldenJson.Distance(session.Logits.AsSpan(), golden.GetProperty("logits_after_bos").Floats()), 0, Tolerance);
        Assert.Equal(expected[1..], Greedy(session, expected.Length - 1));
    }

    [SkippableFact]
    public void AppendTokens_SixPrompts_ContinuesAsExpected()
    {
        var golden = Golden();
        using var source = new OnnxSessionSource(GoldenCases.RequireData(Folder));
        using var session = source.CreateSession();

        foreach (var prompt in golden.GetProperty("cases").EnumerateArray())
        {
            session.Rewind(0);
            session.AppendTokens(prompt.GetProperty("ids").Ints(), StepOutputs.Logits);
            var logits = session.Logits.AsSpan().ToArray();
            int[] best = [.. Enumerable.Range(0, logits.Length).OrderByDescending(id => logits[id]).Take(8)];
            JsonElement[] top = [.. prompt.GetProperty("top8").EnumerateArray()];

            Assert.Equal(top.Select(pair => pair[0].GetInt32()), best);
            Assert.InRange(GoldenJson.Distance(best.Select(id => logits[id]).ToArray(), top.Select(pair => pair[1].GetSingle()).ToArray()), 0, Tolerance);
            var expected = prompt.GetProperty("greedy").Ints();
            Assert.Equal(expected, Greedy(session, expected.Length));
        }
    }

    [SkippableFact]
    public void AppendTokens_TokenByToken_HasTheExpectedLikelihood()
    {
        var golden = Golden().GetProperty("bos_greedy");
        using var source = new OnnxSessionSource(GoldenCases.RequireData(Folder));
        using var session = source.CreateSession();
        var ids = golden.GetProperty("ids").Ints();
        var likelihood = 0.0;

        for (var i = 0; i + 1 < ids.Length; i++)
        {
            session.AppendTokens([ids[i]], StepOutputs.Logits | StepOutputs.LogSumExp);
            likelihood += session.LogSumExp.AsSpan()[0] - session.Logits.AsSpan()[ids[i + 1]];
        }

        Assert.Equal(golden.GetProperty("nll").GetDouble(), likelihood, 0.01);
    }

    private static JsonElement Golden() => GoldenJson.Read(Path.Combine(GoldenCases.RequireData(Folder), "golden.json"));

    private static List<int> Greedy(IDecoderSession session, int count)
    {
        var tokens = new List<int>();
        while (tokens.Count < count)
        {
            tokens.Add(GoldenJson.Best(session.Logits.AsSpan()));
            session.AppendTokens([tokens[^1]], StepOutputs.Logits);
        }

        return tokens;
    }
}
