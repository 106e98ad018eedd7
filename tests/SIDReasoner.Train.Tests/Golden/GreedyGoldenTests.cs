using System.Text.Json;
using SIDReasoner.Core.Checkpoints;
using SIDReasoner.Decoding;
using SIDReasoner.Train.Model;

namespace SIDReasoner.Train.Tests.Golden;

public sealed class GreedyGoldenTests
{
    public static TheoryData<string> Cases => GoldenData.Cases("greedy");

    [SkippableTheory]
    [MemberData(nameof(Cases))]
    public void Session_GreedyDecoding_GivesTheGoldenTokensAndTopFive(string name)
    {
        JsonElement golden = GoldenData.Case("greedy", name, out _);
        using var checkpoint = CheckpointFolder.Open(Path.Combine(GoldenData.Hf, golden.GetProperty("model").GetString()!));
        using var model = DecoderModel.Load(checkpoint);
        using var session = new TorchDecoderSession(model, [], capacity: 256, maxBeamRows: 0);

        foreach (JsonElement prompt in golden.GetProperty("cases").EnumerateArray())
        {
            session.Rewind(0);
            session.AppendTokens(prompt.GetProperty("ids").Ints(), StepOutputs.Logits);
            foreach ((int token, JsonElement top) in prompt.GetProperty("tokens").Ints().Zip(prompt.GetProperty("top5").EnumerateArray()))
            {
                float[] logits = session.Logits.AsSpan().ToArray();
                int[] best = [.. Enumerable.Range(0, logits.Length).OrderByDescending(id => logits[id]).Take(5)];
                Assert.Equal(token, best[0]);
                Assert.Equal(top.GetProperty("ids").Ints(), best);
                float[] wanted = [.. top.GetProperty("logits").EnumerateArray().Select(e => e.GetSingle())];
                Assert.InRange(GoldenData.Distance(best.Select(id => logits[id]).ToArray(), wanted), 0, 1e-4f);
                session.AppendTokens([token], StepOutputs.Logits);
            }
        }
    }
}
