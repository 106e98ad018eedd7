using SIDReasoner.Core.Checkpoints;
using SIDReasoner.Core.Configuration;
using SIDReasoner.Decoding;
using Xunit;

namespace SIDReasoner.Runtime.Tests.Model;

/// <summary>Shapes nobody chose by hand: families, head sizes, biases, scaling and element types at random, against the decoder written out in double.</summary>
public sealed class RandomDecoderTests : IDisposable
{
    private const int Seeds = 24;
    private const int VocabSize = 61;

    private readonly string _folder = Directory.CreateTempSubdirectory("sidr-random-").FullName;

    public static TheoryData<int> SeedRows => [.. Enumerable.Range(0, Seeds)];

    [Theory]
    [MemberData(nameof(SeedRows))]
    public void AppendTokens_RandomShape_EqualsTheReferenceDecoder(int seed)
    {
        var random = new Random(seed);
        var config = Shape(random);
        config.Save(Path.Combine(_folder, "config.json"));
        SafetensorsWriter.Write(Path.Combine(_folder, "model.safetensors"), Weights(config, random));
        int[] prompt = [.. Enumerable.Range(0, random.Next(1, 20)).Select(_ => random.Next(VocabSize))];
        var cut = random.Next(prompt.Length);
        using var checkpoint = CheckpointFolder.Open(_folder);
        using var source = new OnnxSessionSource(_folder);
        using var session = source.CreateSession();

        if (cut > 0)
            session.AppendTokens(prompt.AsSpan(0, cut), StepOutputs.None);
        session.AppendTokens(prompt.AsSpan(cut), StepOutputs.Logits | StepOutputs.LogSumExp);

        var expected = new ReferenceDecoder(checkpoint).LastLogits(prompt);
        var distance = GoldenJson.Distance(session.Logits.AsSpan(), [.. expected.Select(v => (float)v)]);
        Assert.True(distance <= 1e-4f, $"Logits are {distance} off for {config}.");
        Assert.Equal(expected.Max() + Math.Log(expected.Sum(v => Math.Exp(v - expected.Max()))), session.LogSumExp.AsSpan()[0], 1e-4);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static ModelConfig Shape(Random random)
    {
        var architecture = Pick(random, DecoderArchitecture.Qwen3, DecoderArchitecture.Qwen2, DecoderArchitecture.Llama);
        var kvHeads = Pick(random, 1, 2, 3);
        var isLlama = architecture == DecoderArchitecture.Llama;
        var hasAttentionBias = architecture != DecoderArchitecture.Qwen2 && random.Next(2) == 0;
        return new ModelConfig
        {
            Architecture = architecture,
            VocabSize = VocabSize,
            HiddenSize = 24 * kvHeads,
            IntermediateSize = Pick(random, 20, 33, 64),
            LayerCount = random.Next(1, 4),
            HeadCount = kvHeads * random.Next(1, 4),
            KvHeadCount = kvHeads,
            HeadSize = Pick(random, 8, 16, 24, 32, 40, 48, 64, 80, 128),
            MaxPositions = 64,
            RmsNormEpsilon = Pick(random, 1e-6f, 1e-5f),
            RopeTheta = Pick(random, 1e4, 5e5, 1e6),
            RopeScaling = isLlama && random.Next(2) == 0 ? new Llama3RopeScaling(8, 1, 4, 16) : null,
            TiesEmbeddings = random.Next(2) == 0,
            HasQkNorm = architecture == DecoderArchitecture.Qwen3,
            HasQkvBias = architecture == DecoderArchitecture.Qwen2 || hasAttentionBias,
            HasOutputBias = hasAttentionBias,
            HasMlpBias = isLlama && random.Next(2) == 0,
            StoredType = Pick(random, TensorDType.F32, TensorDType.F16, TensorDType.BF16),
        };
    }

    internal static List<TensorData> Weights(ModelConfig config, Random random) =>
        [.. WeightLayout.Tensors(config).Select(tensor =>
        {
            var count = tensor.Shape.Aggregate(1L, (product, size) => product * size);
            var isMatrix = tensor.Shape.Count == 2;
            var (mean, spread) = isMatrix ? (0, 2 / Math.Sqrt(tensor.Shape[1])) : tensor.Name.EndsWith("bias", StringComparison.Ordinal) ? (0, 0.5) : (1, 0.4);
            float[] values = [.. Enumerable.Range(0, (int)count).Select(_ => (float)(mean + (spread * (2 * random.NextDouble() - 1))))];
            return Store(tensor.Name, tensor.Shape, values, config.StoredType);
        })];

    private static TensorData Store(string name, IReadOnlyList<long> shape, float[] values, TensorDType type) => type switch
    {
        TensorDType.F16 => new TensorData(name, type, shape, Bytes(values.Select(v => BitConverter.HalfToUInt16Bits((Half)v)))),
        TensorDType.BF16 => new TensorData(name, type, shape, Bytes(values.Select(v => (ushort)(BitConverter.SingleToUInt32Bits(v) >> 16)))),
        _ => TensorData.FromFloats(name, shape, values),
    };

    private static byte[] Bytes(IEnumerable<ushort> values) => [.. values.SelectMany(BitConverter.GetBytes)];

    private static T Pick<T>(Random random, params T[] choices) => choices[random.Next(choices.Length)];
}
