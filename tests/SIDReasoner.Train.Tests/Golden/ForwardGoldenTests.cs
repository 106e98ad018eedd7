using System.Text.Json;
using SIDReasoner.Core.Checkpoints;
using SIDReasoner.Train.Model;
using static TorchSharp.torch;

namespace SIDReasoner.Train.Tests.Golden;

public sealed class ForwardGoldenTests
{
    private const float Tolerance = 1e-4f;

    public static TheoryData<string> Cases => GoldenData.Cases("forward");

    [SkippableTheory]
    [MemberData(nameof(Cases))]
    public void Forward_GoldenPrompts_GivesTheirLogits(string name)
    {
        JsonElement golden = GoldenData.Case("forward", name, out string folder);
        using var checkpoint = CheckpointFolder.Open(Path.Combine(GoldenData.Hf, golden.GetProperty("model").GetString()!));
        using var model = DecoderModel.Load(checkpoint);
        using var expected = SafetensorsReader.Open(Path.Combine(folder, "expected.safetensors"));

        foreach (JsonElement prompt in golden.GetProperty("prompts").EnumerateArray())
        {
            using var scope = NewDisposeScope();
            using var noGradients = no_grad();
            string prefix = prompt.GetProperty("name").GetString()!;
            long[] ids = prompt.GetProperty("ids").Longs();
            var states = new List<Tensor>();

            Tensor hidden = model.Forward(tensor(ids).unsqueeze(0), 0, states).squeeze(0);
            Tensor logits = model.Logits(hidden);

            float[] wanted = expected.ReadFloats(prefix + ".logits");
            float[] actual = logits[^(wanted.Length / model.Config.VocabSize)..].data<float>().ToArray();
            Assert.InRange(GoldenData.Distance(actual, wanted), 0, Tolerance);
            if (expected.Tensors.ContainsKey(prefix + ".hidden"))
            {
                Assert.InRange(GoldenData.Distance(hidden.data<float>().ToArray(), expected.ReadFloats(prefix + ".hidden")), 0, Tolerance);
                Assert.InRange(GoldenData.Distance(cat([.. states], 0).data<float>().ToArray(), expected.ReadFloats(prefix + ".states")), 0, Tolerance);
            }

            states.ForEach(state => state.Dispose());
        }
    }

    [SkippableTheory]
    [MemberData(nameof(Cases))]
    public void Session_GoldenPromptsInPieces_GivesTheLastLogits(string name)
    {
        JsonElement golden = GoldenData.Case("forward", name, out string folder);
        using var checkpoint = CheckpointFolder.Open(Path.Combine(GoldenData.Hf, golden.GetProperty("model").GetString()!));
        using var model = DecoderModel.Load(checkpoint);
        using var expected = SafetensorsReader.Open(Path.Combine(folder, "expected.safetensors"));
        using var session = new TorchDecoderSession(model, [], capacity: 160, maxBeamRows: 0);

        foreach (JsonElement prompt in golden.GetProperty("prompts").EnumerateArray())
        {
            int[] ids = prompt.GetProperty("ids").Ints();
            int cut = ids.Length / 3;
            session.Rewind(0);
            if (cut > 0)
            {
                session.AppendTokens(ids.AsSpan(0, cut), Decoding.StepOutputs.None);
            }

            session.AppendTokens(ids.AsSpan(cut), Decoding.StepOutputs.Logits);

            float[] wanted = expected.ReadFloats(prompt.GetProperty("name").GetString() + ".logits");
            Assert.InRange(GoldenData.Distance(session.Logits.AsSpan(), wanted.AsSpan(wanted.Length - model.Config.VocabSize)), 0, Tolerance);
        }
    }
}
