using SIDReasoner.Core;
using SIDReasoner.Core.Text;
using SIDReasoner.Decoding.Thinking;
using SIDReasoner.TestSupport;
using Xunit;

namespace SIDReasoner.Decoding.Tests.Thinking;

public sealed class ThinkingOptionsTests : IDisposable
{
    private readonly SmallVocabulary _small = new();

    [Fact]
    public void FromPrompt_TagWithBlanks_ClosesByTheTagAndForcesTheWhole()
    {
        ThinkingOptions options = ThinkingOptions.FromPrompt(Prompt("\n</think>\n\n"), _small.Tokenizer, [1]);

        int newline = _small.ByteId((byte)'\n');
        Assert.Equal(_small.Close, options.CloseToken);
        Assert.Equal([newline, _small.Close, newline, newline], options.ForcedClosing);
        Assert.Equal([1], options.EndTokens);
        options.Validate();
    }

    [Theory]
    [InlineData("", "cannot think")]
    [InlineData("\n</thought>\n", "expected one token")]
    [InlineData("</think></think>", "expected one token")]
    public void FromPrompt_NoClosingToken_SaysWhatIsExpected(string close, string expected)
    {
        var error = Assert.Throws<SidReasonerException>(() => ThinkingOptions.FromPrompt(Prompt(close), _small.Tokenizer, []));

        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    public void Dispose() => _small.Dispose();

    private static PromptTemplate Prompt(string close) => new() { UserThink = "{history}", ThinkClose = close };
}
