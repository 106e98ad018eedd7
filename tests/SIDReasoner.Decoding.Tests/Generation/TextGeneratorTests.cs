using SIDReasoner.Core;
using SIDReasoner.Decoding.Generation;
using SIDReasoner.TestSupport;
using Xunit;

namespace SIDReasoner.Decoding.Tests.Generation;

public sealed class TextGeneratorTests
{
    private static readonly int[] s_prompt = [1, 2, 3];

    [Fact]
    public void Generate_StopToken_EndsTheTextAndIsItsLastToken()
    {
        using TextSession session = Session([20, 21, 9, 22]);
        var generator = new TextGenerator();

        Generate(generator, session, new GenerationOptions { MaxTokens = 10, StopTokens = [8, 9] });

        Assert.Equal([20, 21, 9], generator.TokenIds.ToArray());
        Assert.Equal([20, 21], generator.TextIds.ToArray());
        Assert.True(generator.HasEnded);
        Assert.Equal(3, session.Forwards.Count);
    }

    [Fact]
    public void Generate_MostTokens_EndsWithoutTheLastForward()
    {
        using TextSession session = Session([20]);
        var generator = new TextGenerator();

        Generate(generator, session, new GenerationOptions { MaxTokens = 4 });

        Assert.Equal([20, 20, 20, 20], generator.TokenIds.ToArray());
        Assert.False(generator.HasEnded);
        Assert.Equal(4, session.Forwards.Count);
    }

    [Fact]
    public void Generate_NoTokens_AsksForNoLogits()
    {
        using TextSession session = Session([20]);
        var generator = new TextGenerator();

        Generate(generator, session, new GenerationOptions { MaxTokens = 0 });

        Assert.Empty(generator.TokenIds.ToArray());
        Assert.Equal([(3, StepOutputs.None)], session.Forwards);
    }

    [Fact]
    public void Generate_FullCache_EndsTheText()
    {
        using TextSession session = Session([20], capacity: 6);
        var generator = new TextGenerator();

        Generate(generator, session, new GenerationOptions { MaxTokens = 100 });

        // Three places behind the prompt, and the token that the last of them gives.
        Assert.Equal(4, generator.TokenIds.Length);
        Assert.False(generator.HasEnded);
        Assert.Equal(6, session.Length);
    }

    [Fact]
    public void Generate_MaxTokensNegative_IsRefused()
    {
        using TextSession session = Session([20]);

        Assert.Throws<SidReasonerException>(() => new TextGenerator().Generate(session, new GenerationOptions { MaxTokens = -1 }));
    }

    [Fact]
    public async Task StreamAsync_TextWithStopToken_GivesPiecesWithoutIt()
    {
        using var small = new SmallVocabulary();
        int eos = small.Tokenizer.TokenId("<eos>");
        using TextSession session = TextSession.Saying(small.Size, s_prompt.Length, [.. "né".SelectMany(c => System.Text.Encoding.UTF8.GetBytes(c.ToString())).Select(small.ByteId), eos]);
        var options = new GenerationOptions { MaxTokens = 10, StopTokens = [eos] };
        var generator = new TextGenerator();
        session.AppendTokens(s_prompt, TextGenerator.OutputsFor(options));
        var pieces = new List<string>();

        await foreach (string piece in generator.StreamAsync(session, options, small.Tokenizer))
        {
            pieces.Add(piece);
        }

        Assert.Equal(["n", "é"], pieces);
        Assert.Equal(4, generator.TokenIds.Length);
        Assert.True(generator.HasEnded);
    }

    [Fact]
    public void Generate_FromTheSecondTextOn_AllocatesNothing()
    {
        using var session = new SilentTextSession(5000);
        var generator = new TextGenerator();
        var options = new GenerationOptions { MaxTokens = 64 };

        long bytes = Allocations.Least(() => generator.Generate(session, options));

        Assert.Equal(0, bytes);
    }

    private static void Generate(TextGenerator generator, TextSession session, GenerationOptions options)
    {
        session.AppendTokens(s_prompt, TextGenerator.OutputsFor(options));
        generator.Generate(session, options);
    }

    private static TextSession Session(int[] says, int capacity = 1000) => TextSession.Saying(100, s_prompt.Length, says, capacity);
}
