using SIDReasoner.Decoding.Sampling;
using Xunit;

namespace SIDReasoner.Decoding.Tests.Sampling;

public sealed class ArgmaxTests
{
    public static TheoryData<int> Lengths => [.. Enumerable.Range(1, 70), 1000, 151_936];

    [Theory]
    [MemberData(nameof(Lengths))]
    public void Find_AnyLength_GivesTheFirstOfTheLargest(int length)
    {
        var random = new Random(length);
        for (int round = 0; round < 20; round++)
        {
            float[] logits = [.. Enumerable.Range(0, length).Select(_ => round % 2 == 0 ? random.Next(5) : (float)random.NextDouble() - 3f)];

            (int index, float value) = Argmax.Find(logits);

            Assert.Equal(Array.IndexOf(logits, logits.Max()), index);
            Assert.Equal(logits.Max(), value);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(17)]
    [InlineData(100)]
    public void Find_NaNAnywhere_IsReported(int length)
    {
        for (int place = 0; place < length; place++)
        {
            var logits = new float[length];
            logits[place] = float.NaN;

            Assert.Equal(-1, Argmax.Find(logits).Index);
        }
    }

    [Fact]
    public void Find_ZeroOfEitherSign_TiesToTheFirst() => Assert.Equal(1, Argmax.Find([-1f, -0f, 0f]).Index);
}
