using System.Text.Json;
using SIDReasoner.Core.Checkpoints;
using SIDReasoner.Train.Model;
using SIDReasoner.Train.Optimization;
using static TorchSharp.torch;

namespace SIDReasoner.Train.Tests.Golden;

public sealed class TrainGoldenTests
{
    public static TheoryData<string> Cases => GoldenData.Cases("train");

    [SkippableTheory]
    [MemberData(nameof(Cases))]
    public void Train_FiveUpdates_GivesGoldenLossesGradientsAndParameters(string name)
    {
        JsonElement golden = GoldenData.Case("train", name, out string folder);
        JsonElement settings = golden.GetProperty("optimizer");
        using var checkpoint = CheckpointFolder.Open(Path.Combine(GoldenData.Hf, golden.GetProperty("model").GetString()!));
        using var model = DecoderModel.Load(checkpoint);
        double[] betas = [.. settings.GetProperty("betas").EnumerateArray().Select(e => e.GetDouble())];
        double rate = settings.GetProperty("lr").GetDouble();
        using var optimizer = new AdamW(model.Parameters, new AdamWOptions
        {
            Beta1 = betas[0],
            Beta2 = betas[1],
            Epsilon = settings.GetProperty("eps").GetDouble(),
            WeightDecay = settings.GetProperty("weight_decay").GetDouble(),
            DecaysVectors = !settings.GetProperty("decayed").GetString()!.StartsWith("matrices", StringComparison.Ordinal),
        });
        JsonElement[] steps = [.. golden.GetProperty("steps").EnumerateArray()];

        for (int step = 0; step < steps.Length; step++)
        {
            optimizer.ZeroGradients();
            double loss = Loss(model, golden);
            Assert.Equal(steps[step].GetProperty("loss").GetDouble(), loss, 1e-5);
            if (step == 0)
            {
                CompareGradients(model, Path.Combine(folder, "gradients.safetensors"));
            }

            if (!steps[step].TryGetProperty("grad_norm", out JsonElement norm))
            {
                break; // the loss after the last update
            }

            double actual = optimizer.ClipGradients(settings.GetProperty("max_norm").GetDouble());
            Assert.InRange(actual / norm.GetDouble(), 1 - 1e-5, 1 + 1e-5);
            optimizer.Update(rate);
            string after = Path.Combine(folder, $"after{step + 1}.safetensors");
            if (File.Exists(after))
            {
                CompareParameters(model, after, 2 * (step + 1) * rate);
            }
        }

        Assert.Equal(5, optimizer.Step);
    }

    // Mean over the labels that are not -100, each compared with the logits one position before it.
    private static double Loss(DecoderModel model, JsonElement golden)
    {
        using var scope = NewDisposeScope();
        long[][] ids = [.. golden.GetProperty("input_ids").EnumerateArray().Select(row => row.Longs())];
        long[][] labels = [.. golden.GetProperty("labels").EnumerateArray().Select(row => row.Longs())];
        int length = ids[0].Length;
        Tensor hidden = model.Forward(tensor(ids.SelectMany(row => row).ToArray(), [ids.Length, length]));
        Tensor logits = model.Logits(hidden.narrow(1, 0, length - 1)).flatten(0, 1);
        Tensor targets = tensor(labels.SelectMany(row => row.Skip(1)).ToArray());
        Tensor loss = nn.functional.cross_entropy(logits, targets, ignore_index: -100);
        loss.backward();
        return loss.item<float>();
    }

    private static void CompareGradients(DecoderModel model, string file)
    {
        using var expected = SafetensorsReader.Open(file);
        Assert.Equal(expected.Tensors.Count, model.Parameters.Slots.Count);
        foreach (ParameterSlot slot in model.Parameters.Slots)
        {
            float[] wanted = expected.ReadFloats(slot.Name);
            float limit = 1e-5f + 2e-5f * wanted.Max(Math.Abs);
            Assert.InRange(GoldenData.Distance(model.Parameters.CopyGradient(slot), wanted), 0, limit);
        }
    }

    private static void CompareParameters(DecoderModel model, string file, double limit)
    {
        using var expected = SafetensorsReader.Open(file);
        long far = 0, all = 0;
        foreach (ParameterSlot slot in model.Parameters.Slots)
        {
            float[] wanted = expected.ReadFloats(slot.Name), actual = model.Parameters.CopyValue(slot);
            Assert.InRange(GoldenData.Distance(actual, wanted), 0, limit);
            far += actual.Zip(wanted).Count(pair => Math.Abs(pair.First - pair.Second) > 1e-5f);
            all += wanted.Length;
        }

        Assert.InRange(far, 0, all / 1000);
    }
}
