using SIDReasoner.Core;
using SIDReasoner.Core.Configuration;
using SIDReasoner.Decoding.Sampling;
using SIDReasoner.TestSupport;
using Xunit;

namespace SIDReasoner.Decoding.Tests.Sampling;

public sealed class TokenSamplerTests
{
    public static TheoryData<int> Seeds => [.. Enumerable.Range(0, 150)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Next_AnyLogitsAndOptions_EqualsTheDefinition(int seed)
    {
        var random = new Random(seed);
        float[] logits = RandomLogits(random, 1 + random.Next(seed % 3 == 0 ? 6000 : 60), tied: seed % 4 == 0);
        var sampler = new TokenSampler();

        for (int round = 0; round < 20; round++)
        {
            SamplingOptions options = RandomOptions(random, logits.Length);

            int actual = sampler.Next(logits, options, round);

            Assert.Equal(SlowSampler.Next(logits, options, round), actual);
            Assert.True(!options.Samples || SlowSampler.Distribution(logits, options).ContainsKey(actual));
        }
    }

    [Fact]
    public void Next_ManyDraws_FollowTheDistribution()
    {
        float[] logits = [0.5f, -1f, 2f, float.NegativeInfinity, 1f, 1f];
        var options = new SamplingOptions { Samples = true, Temperature = 0.8, TopP = 0.95, Seed = 7 };
        Dictionary<int, double> expected = SlowSampler.Distribution(logits, options);
        double total = expected.Values.Sum();
        var sampler = new TokenSampler();
        var counts = new int[logits.Length];
        const int Draws = 40_000;

        for (int i = 0; i < Draws; i++)
        {
            counts[sampler.Next(logits, options, i)]++;
        }

        for (int id = 0; id < logits.Length; id++)
        {
            double share = expected.GetValueOrDefault(id) / total;
            Assert.InRange(counts[id] / (double)Draws, share - 0.012, share + 0.012);
        }
    }

    [Fact]
    public void Next_SameSeedAndPlace_GivesTheSameTokenInAnyOrder()
    {
        var random = new Random(3);
        float[] logits = RandomLogits(random, 1000, tied: false);
        var options = new SamplingOptions { Samples = true, Seed = 11 };
        int[] forwards = [.. Enumerable.Range(0, 50).Select(place => new TokenSampler().Next(logits, options, place))];
        var sampler = new TokenSampler();

        int[] backwards = [.. Enumerable.Range(0, 50).Reverse().Select(place => sampler.Next(logits, options, place)).Reverse()];

        Assert.Equal(forwards, backwards);
        Assert.True(forwards.Distinct().Count() > 20);
        Assert.NotEqual(forwards, Enumerable.Range(0, 50).Select(place => sampler.Next(logits, options with { Stream = 1 }, place)));
        Assert.NotEqual(forwards, Enumerable.Range(0, 50).Select(place => sampler.Next(logits, options with { Seed = 12 }, place)));
    }

    [Fact]
    public void Unit_KnownSeed_GivesPhilox4x32()
    {
        // Random123's known answer for a counter and key of zeros: 6627e8d5 e169c58d ..
        Assert.Equal((0x6627e8d5e169c58dUL >> 11) / (double)(1UL << 53), CounterRandom.Unit(0, 0, 0));
    }

    [Theory]
    [InlineData(float.NaN, 700)]
    [InlineData(float.PositiveInfinity, 3)]
    public void Next_NoNumber_NamesTheToken(float value, int place)
    {
        var logits = new float[1001];
        logits[place] = value;

        var error = Assert.Throws<InvalidLogitsException>(() => new TokenSampler().Next(logits, SamplingOptions.Greedy, 0));

        Assert.Contains($"token {place} ", error.Message, StringComparison.Ordinal);
        Assert.Throws<InvalidLogitsException>(() => new TokenSampler().Next([float.NegativeInfinity, float.NegativeInfinity], SamplingOptions.Greedy, 0));
    }

    [Fact]
    public unsafe void Next_HalfAndBrainFloats_AreWidened()
    {
        ushort* bits = stackalloc ushort[4];
        var sampler = new TokenSampler();
        new ReadOnlySpan<ushort>([BitConverter.HalfToUInt16Bits((Half)1f), BitConverter.HalfToUInt16Bits((Half)2.5f), 0, 0]).CopyTo(new Span<ushort>(bits, 4));
        int half = sampler.Next(new LogitsView((nint)bits, TensorElementType.Float16, DeviceKind.Cpu, 1, 4), SamplingOptions.Greedy, 0);
        new ReadOnlySpan<ushort>([0x3F80, 0xC000, 0x4040, 0x3F80]).CopyTo(new Span<ushort>(bits, 4));

        int brain = sampler.Next(new LogitsView((nint)bits, TensorElementType.BFloat16, DeviceKind.Cpu, 1, 4), SamplingOptions.Greedy, 0);

        Assert.Equal((1, 2), (half, brain));
        Assert.Throws<InvalidOperationException>(() => sampler.Next(new LogitsView((nint)bits, TensorElementType.Float32, DeviceKind.Cuda, 1, 2), SamplingOptions.Greedy, 0));
    }

    [Theory]
    [InlineData(0, 0, 1, 0, "temperature")]
    [InlineData(1, -1, 1, 0, "top-k")]
    [InlineData(1, 0, 0, 0, "top-p")]
    [InlineData(1, 0, 1.1, 0, "top-p")]
    [InlineData(1, 0, 1, 2, "min-p")]
    [InlineData(double.NaN, 0, 1, 0, "temperature")]
    public void Validate_OutOfRange_NamesTheOption(double temperature, int topK, double topP, double minP, string name)
    {
        var options = new SamplingOptions { Samples = true, Temperature = temperature, TopK = topK, TopP = topP, MinP = minP };

        var error = Assert.Throws<SidReasonerException>(options.Validate);

        Assert.StartsWith(name, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void FromGenerationConfig_AuthorsDefaults_AreTaken()
    {
        SamplingOptions options = SamplingOptions.FromGenerationConfig(new GenerationConfig { Samples = true, Temperature = 0.6, TopK = 20, TopP = 0.95 });

        Assert.Equal(new SamplingOptions { Samples = true, Temperature = 0.6, TopK = 20, TopP = 0.95 }, options);
        Assert.Equal(new SamplingOptions { Samples = true }, SamplingOptions.FromGenerationConfig(null));
    }

    [Fact]
    public void Next_AfterTheFirst_AllocatesNothing()
    {
        float[] logits = RandomLogits(new Random(1), 20_000, tied: false);
        SamplingOptions[] all = [SamplingOptions.Greedy, new() { Samples = true }, new() { Samples = true, TopK = 50, TopP = 0.9, MinP = 0.01 }, new() { Samples = true, TopP = 0.99 }];
        var sampler = new TokenSampler();

        long bytes = Allocations.Least(() =>
        {
            foreach (SamplingOptions options in all)
            {
                sampler.Next(logits, options, 1);
            }
        });

        Assert.Equal(0, bytes);
    }

    private static float[] RandomLogits(Random random, int count, bool tied) =>
        [.. Enumerable.Range(0, count).Select(_ => random.Next(12) == 0 ? float.NegativeInfinity : tied ? MathF.Round((float)random.NextDouble() * 6) : (float)(random.NextDouble() * 12) - 6f).Append(0f).Take(count).Select((x, i) => i == 0 ? 1f : x)];

    private static SamplingOptions RandomOptions(Random random, int vocabSize) => new()
    {
        Samples = random.Next(6) > 0,
        Temperature = new[] { 0.05, 0.6, 1, 2.5 }[random.Next(4)],
        TopK = new[] { 0, 1, 5, 50, vocabSize, vocabSize + 7 }[random.Next(6)],
        TopP = new[] { 1, 0.999999, 0.95, 0.4, 1e-9 }[random.Next(5)],
        MinP = new[] { 0, 0.05, 0.5, 1 }[random.Next(4)],
        Seed = (ulong)random.NextInt64(),
        Stream = (uint)random.Next(3),
    };
}
