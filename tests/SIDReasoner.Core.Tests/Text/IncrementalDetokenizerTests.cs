using System.Text;
using SIDReasoner.Core.Text;
using SIDReasoner.TestSupport;
using Xunit;

namespace SIDReasoner.Core.Tests.Text;

public sealed class IncrementalDetokenizerTests
{
    public static TheoryData<int> Seeds => [.. Enumerable.Range(0, 100)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Push_AnyBytes_AllPiecesAreTheDecodedText(int seed)
    {
        using var small = new SmallVocabulary();
        var random = new Random(seed);
        byte[] bytes = seed % 2 == 0
            ? [.. Enumerable.Range(0, 200).Select(_ => (byte)random.Next(256))]
            : Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(0, 80).Select(_ => new[] { "a", " ", "é", "漢", "😊", "\n", "\u0301" }[random.Next(7)])));
        int[] ids = [.. bytes.Select(value => random.Next(30) == 0 ? small.Close : small.ByteId(value))];
        var text = new IncrementalDetokenizer(small.Tokenizer);

        string all = string.Concat(ids.Select(text.Push)) + text.Finish();

        Assert.Equal(small.Tokenizer.Decode(ids), all);
    }

    [Fact]
    public void Push_HalfACharacter_GivesNothingUntilItIsWhole()
    {
        using var small = new SmallVocabulary();
        var text = new IncrementalDetokenizer(small.Tokenizer, skipsSpecialTokens: true);
        byte[] smile = Encoding.UTF8.GetBytes("😊");

        Assert.Equal(["", "", "", "😊"], smile.Select(value => text.Push(small.ByteId(value))));
        Assert.Equal("", text.Push(small.Close));
        Assert.Equal("", text.Push(small.ByteId(smile[0])));
        Assert.Equal("\uFFFD", text.Finish());
        Assert.Equal("x", text.Push(small.ByteId((byte)'x')));
    }
}
