using SIDReasoner.Core.Checkpoints;
using SIDReasoner.Decoding;
using SIDReasoner.TestSupport;
using Xunit;

namespace SIDReasoner.Runtime.Tests.Model;

/// <summary>Logits and greedy text of transformers (golden/hf: forward and greedy) on the exported graph.</summary>
public sealed class OnnxForwardGoldenTests
{
    private const float Tolerance = 1e-4f;

    public static TheoryData<string> ForwardCases => GoldenCases.Folders("hf/forward/*");

    public static TheoryData<string> GreedyCases => GoldenCases.Folders("hf/greedy/*");

    public static TheoryData<string> Models => GoldenCases.Folders("hf/models/*");

    [SkippableTheory]
    [MemberData(nameof(ForwardCases))]
    public void AppendTokens_WholePrompt_GivesTheLastRow(string folder)
    {
        var path = GoldenCases.Require(folder);
        var golden = GoldenJson.Read(Path.Combine(path, "case.json"));
        using var source = Load(golden.GetProperty("model").GetString()!);
        using var expected = SafetensorsReader.Open(Path.Combine(path, "expected.safetensors"));
        using var session = source.CreateSession();

        foreach (var prompt in golden.GetProperty("prompts").EnumerateArray())
        {
            session.Rewind(0);
            session.AppendTokens(prompt.GetProperty("ids").Ints(), StepOutputs.Logits);

            var wanted = expected.ReadFloats(prompt.GetProperty("name").GetString() + ".logits");
            Assert.InRange(GoldenJson.Distance(session.Logits.AsSpan(), wanted.AsSpan(wanted.Length - session.VocabSize)), 0, Tolerance);
        }
    }

    [SkippableTheory]
    [MemberData(nameof(ForwardCases))]
    public void AppendTokens_TokenByToken_GivesEveryRow(string folder)
    {
        var path = GoldenCases.Require(folder);
        var golden = GoldenJson.Read(Path.Combine(path, "case.json"));
        using var source = Load(golden.GetProperty("model").GetString()!);
        using var expected = SafetensorsReader.Open(Path.Combine(path, "expected.safetensors"));
        using var session = source.CreateSession();

        foreach (var prompt in golden.GetProperty("prompts").EnumerateArray())
        {
            var ids = prompt.GetProperty("ids").Ints();
            var wanted = expected.ReadFloats(prompt.GetProperty("name").GetString() + ".logits");
            var firstRow = ids.Length - wanted.Length / session.VocabSize;
            session.Rewind(0);
            for (var row = 0; row < ids.Length; row++)
            {
                session.AppendTokens([ids[row]], StepOutputs.Logits);
                if (row >= firstRow)
                    Assert.InRange(GoldenJson.Distance(session.Logits.AsSpan(), wanted.AsSpan((row - firstRow) * session.VocabSize, session.VocabSize)), 0, Tolerance);
            }
        }
    }

    [SkippableTheory]
    [MemberData(nameof(GreedyCases))]
    public void AppendTokens_Greedy_GivesTheSameTokensAndTopFive(string folder)
    {
        var golden = GoldenJson.Read(Path.Combine(GoldenCases.Require(folder), "case.json"));
        using var source = Load(golden.GetProperty("model").GetString()!);
        using var session = source.CreateSession();

        foreach (var prompt in golden.GetProperty("cases").EnumerateArray())
        {
            session.Rewind(0);
            session.AppendTokens(prompt.GetProperty("ids").Ints(), StepOutputs.Logits);
            foreach (var (token, top) in prompt.GetProperty("tokens").Ints().Zip(prompt.GetProperty("top5").EnumerateArray()))
            {
                var logits = session.Logits.AsSpan().ToArray();
                int[] best = [.. Enumerable.Range(0, logits.Length).OrderByDescending(id => logits[id]).Take(5)];
                Assert.Equal(token, best[0]);
                Assert.Equal(top.GetProperty("ids").Ints(), best);
                Assert.InRange(GoldenJson.Distance(best.Select(id => logits[id]).ToArray(), top.GetProperty("logits").Floats()), 0, Tolerance);
                session.AppendTokens([token], StepOutputs.Logits);
            }
        }
    }

    [SkippableTheory]
    [MemberData(nameof(Models))]
    public void Export_ConfigOfTransformers4_GivesTheSameLogits(string folder)
    {
        var model = GoldenCases.Require(folder);
        var copy = Directory.CreateTempSubdirectory("sidr-v4-").FullName;
        foreach (var file in Directory.GetFiles(model))
            File.Copy(file, Path.Combine(copy, Path.GetFileName(file)));
        File.Delete(Path.Combine(copy, "config.json"));
        File.Move(Path.Combine(copy, "config.v4.json"), Path.Combine(copy, "config.json"));
        using var source = new OnnxSessionSource(model);
        using var older = new OnnxSessionSource(copy);
        using var session = source.CreateSession();
        using var olderSession = older.CreateSession();

        session.AppendTokens([3, 1, 4, 1, 5], StepOutputs.Logits);
        olderSession.AppendTokens([3, 1, 4, 1, 5], StepOutputs.Logits);

        Assert.Equal(session.Logits.AsSpan(), olderSession.Logits.AsSpan());
        Directory.Delete(copy, recursive: true);
    }

    private static OnnxSessionSource Load(string model) => new(Path.Combine(GoldenCases.Root, "hf", model));
}
