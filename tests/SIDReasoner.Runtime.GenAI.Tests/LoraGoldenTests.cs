using System.Text.Json;
using SIDReasoner.Core.Checkpoints;
using SIDReasoner.Decoding;
using SIDReasoner.TestSupport;
using Xunit;

namespace SIDReasoner.Runtime.GenAI.Tests;

/// <summary>peft's adapters (golden/hf: lora) through both engines, beside the model as it is.</summary>
public sealed class LoraGoldenTests
{
    private const float Tolerance = 1e-4f;

    public static TheoryData<string> Cases => GoldenCases.Folders("hf/lora/*");

    [SkippableTheory]
    [MemberData(nameof(Cases))]
    public void AppendTokens_WithAndWithoutTheAdapter_GivesTheLogitsOfEach(string folder)
    {
        var path = GoldenCases.Require(folder);
        using var document = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(path, "case.json")));
        var root = document.RootElement;
        var model = Path.Combine(GoldenCases.Root, "hf", root.GetProperty("model").GetString()!);
        int[] ids = [.. root.GetProperty("ids").EnumerateArray().Select(id => id.GetInt32())];
        using var expected = SafetensorsReader.Open(Path.Combine(path, "expected.safetensors"));
        var golden = expected.ReadFloats("logits");
        var adapter = Path.Combine(path, root.GetProperty("adapter").GetString()!);
        using var bundle = new TestBundle(model, change: options => options with { Adapters = new Dictionary<string, string> { ["golden"] = adapter } });
        using var plain = new TestBundle(model);
        using var onnx = bundle.LoadOnnx();
        using var genAi = bundle.LoadGenAi();
        using var reference = plain.LoadOnnx();
        using var referenceSession = reference.CreateSession();
        using IDecoderSession onnxAdapted = onnx.CreateSession("golden"), genAiAdapted = genAi.CreateSession("golden");
        using IDecoderSession onnxPlain = onnx.CreateSession(), genAiPlain = genAi.CreateSession();

        for (var row = 0; row < ids.Length; row++)
        {
            referenceSession.AppendTokens([ids[row]], StepOutputs.Logits);
            foreach (var session in new[] { onnxAdapted, genAiAdapted })
            {
                session.AppendTokens([ids[row]], StepOutputs.Logits);
                Assert.InRange(Decode.Distance(golden.AsSpan(row * session.VocabSize, session.VocabSize), session.Logits.AsSpan()), 0, Tolerance);
            }

            foreach (var session in new[] { onnxPlain, genAiPlain })
            {
                session.AppendTokens([ids[row]], StepOutputs.Logits);
                Assert.Equal(referenceSession.Logits.AsSpan(), session.Logits.AsSpan());
            }
        }

        Assert.True(Decode.Distance(referenceSession.Logits.AsSpan(), onnxAdapted.Logits.AsSpan()) > 0.1f, "The adapter changes nothing, so this test shows nothing.");
        foreach (var session in new[] { onnxAdapted, genAiAdapted })
        {
            session.Rewind(0);
            session.AppendTokens(ids, StepOutputs.Logits);
            Assert.InRange(Decode.Distance(golden.AsSpan((ids.Length - 1) * session.VocabSize), session.Logits.AsSpan()), 0, Tolerance);
        }
    }
}
