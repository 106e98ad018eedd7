using SIDReasoner.Core;
using SIDReasoner.Decoding.Sampling;
using SIDReasoner.Decoding.Thinking;
using SIDReasoner.TestSupport;
using Xunit;

namespace SIDReasoner.Decoding.Tests.Thinking;

public sealed class ThinkingDecoderTests
{
    private const int VocabSize = 100;
    private const int Newline = 10;
    private const int Close = 50;
    private const int DoubleNewline = 11;
    private const int EndOfTurn = 60;
    private const StepOutputs Search = StepOutputs.SidLogits | StepOutputs.LogSumExp;
    private static readonly int[] s_prompt = [1, 2, 3];
    private static readonly ThinkingOptions s_options = new() { Budget = 8, CloseToken = Close, ForcedClosing = [Newline, Close, DoubleNewline], EndTokens = [EndOfTurn] };

    [Fact]
    public void Think_ModelCloses_AppendsWhatFollowsTheCloseInOneForward()
    {
        using TextSession session = Session([20, 21, Close]);
        var thinking = new ThinkingDecoder();

        Think(thinking, session, s_options);

        Assert.Equal([20, 21, Close], thinking.TokenIds.ToArray());
        Assert.True(thinking.IsClosed);
        Assert.Equal([1, 2, 3, 20, 21, Close, DoubleNewline], session.Text);
        Assert.Equal([(3, StepOutputs.Logits), (1, StepOutputs.Logits), (1, StepOutputs.Logits), (2, Search)], session.Forwards);
    }

    [Fact]
    public void Think_ModelGoesOn_IsClosedByForceAtTheBudget()
    {
        using TextSession session = Session([20, 21]);
        var thinking = new ThinkingDecoder();

        Think(thinking, session, s_options with { Budget = 4 });

        Assert.Equal([20, 21, 21, 21], thinking.TokenIds.ToArray());
        Assert.False(thinking.IsClosed);
        Assert.Equal([1, 2, 3, 20, 21, 21, 21, Newline, Close, DoubleNewline], session.Text);
        Assert.Equal(5, session.Forwards.Count);
        Assert.Equal((4, Search), session.Forwards[^1]);
    }

    [Fact]
    public void Think_CloseIsTheBudgetsLastToken_CountsAsClosed()
    {
        using TextSession session = Session([20, 21, Close]);
        var thinking = new ThinkingDecoder();

        Think(thinking, session, s_options with { Budget = 3 });

        Assert.True(thinking.IsClosed);
        Assert.Equal(3, thinking.TokenIds.Length);
    }

    [Fact]
    public void Think_BudgetZero_ClosesAtOnceWithoutLogits()
    {
        using TextSession session = Session([20]);
        var thinking = new ThinkingDecoder();

        Think(thinking, session, s_options with { Budget = 0 });

        Assert.Empty(thinking.TokenIds.ToArray());
        Assert.False(thinking.IsClosed);
        Assert.Equal([(3, StepOutputs.None), (3, Search)], session.Forwards);
        Assert.Equal([1, 2, 3, Newline, Close, DoubleNewline], session.Text);
    }

    [Fact]
    public void Think_EndOfTurnInside_IsDroppedAndClosedByForce()
    {
        using TextSession session = Session([20, EndOfTurn]);
        var thinking = new ThinkingDecoder();

        Think(thinking, session, s_options);

        Assert.Equal([20], thinking.TokenIds.ToArray());
        Assert.True(thinking.HasEndedTurn);
        Assert.False(thinking.IsClosed);
        Assert.Equal([1, 2, 3, 20, Newline, Close, DoubleNewline], session.Text);
    }

    [Fact]
    public void Think_Cancelled_StopsBeforeTheNextForward()
    {
        using var stop = new CancellationTokenSource();
        int rows = 0;
        using var session = new TextSession(VocabSize, _ =>
        {
            if (++rows == 3)
            {
                stop.Cancel();
            }

            return OneHot(20);
        });
        var thinking = new ThinkingDecoder();
        session.AppendTokens(s_prompt, StepOutputs.Logits);

        Assert.Throws<OperationCanceledException>(() => thinking.Think(session, s_options, Search, cancellation: stop.Token));

        Assert.Equal(3, session.Forwards.Count);
        Assert.Equal([20, 20], thinking.TokenIds.ToArray()[..2]);
    }

    [Theory]
    [InlineData(-1, "at least 0")]
    [InlineData(95, "Use a smaller budget")]
    public void Think_BudgetOutOfRange_SaysWhatIsAllowed(int budget, string expected)
    {
        using TextSession session = Session([20], capacity: 100);
        session.AppendTokens(s_prompt, StepOutputs.Logits);

        var error = Assert.Throws<SidReasonerException>(() => new ThinkingDecoder().Think(session, s_options with { Budget = budget }, Search));

        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        Assert.Single(session.Forwards);
    }

    [Fact]
    public void Think_ClosingWithoutTheCloseToken_IsRefused()
    {
        using TextSession session = Session([20]);

        Assert.Throws<SidReasonerException>(() => new ThinkingDecoder().Think(session, s_options with { ForcedClosing = [Newline] }, Search));
    }

    [Fact]
    public void Think_NotANumber_IsAnErrorNotAThought()
    {
        using var session = new TextSession(VocabSize, _ => [.. Enumerable.Repeat(float.NaN, VocabSize)]);
        session.AppendTokens(s_prompt, StepOutputs.Logits);

        Assert.Throws<InvalidLogitsException>(() => new ThinkingDecoder().Think(session, s_options, Search));
    }

    [Fact]
    public void Think_Sampled_RepeatsUnderOneSeedAndDiffersUnderAnother()
    {
        using var session = new TextSession(VocabSize, text => [.. Enumerable.Range(0, VocabSize).Select(id => (id * 7 % 13 * 0.1f) + (text.Count * 0.01f))]);
        var thinking = new ThinkingDecoder();
        int[] Thought(ulong seed, uint stream)
        {
            session.Rewind(0);
            Think(thinking, session, s_options with { Budget = 30, Sampling = new SamplingOptions { Samples = true, Seed = seed, Stream = stream } });
            return thinking.TokenIds.ToArray();
        }

        int[] first = Thought(1, 0);

        Assert.Equal(first, Thought(1, 0));
        Assert.NotEqual(first, Thought(2, 0));
        Assert.NotEqual(first, Thought(1, 1));
    }

    [Fact]
    public async Task StreamAsync_CharacterOverSeveralTokens_ComesOutWhole()
    {
        using var small = new SmallVocabulary();
        int[] said = [.. "Añ😊!"u8.ToArray().Select(value => small.ByteId(value)), small.Close];
        using TextSession session = TextSession.Saying(small.Size, s_prompt.Length, said);
        var options = new ThinkingOptions { Budget = 40, CloseToken = small.Close, ForcedClosing = [small.Close] };
        var thinking = new ThinkingDecoder();
        session.AppendTokens(s_prompt, ThinkingDecoder.OutputsFor(options));
        var pieces = new List<string>();

        await foreach (string piece in thinking.StreamAsync(session, options, Search, small.Tokenizer))
        {
            pieces.Add(piece);
        }

        Assert.Equal(["A", "ñ", "😊", "!", "</think>"], pieces);
        Assert.Equal((1, Search), session.Forwards[^1]);
        Assert.True(thinking.IsClosed);
    }

    [Fact]
    public async Task StreamAsync_BudgetInsideACharacter_EndsInAReplacementAsDecodingDoes()
    {
        using var small = new SmallVocabulary();
        int[] said = [.. "a😊"u8.ToArray()[..3].Select(value => small.ByteId(value))];
        using TextSession session = TextSession.Saying(small.Size, s_prompt.Length, said);
        var options = new ThinkingOptions { Budget = 3, CloseToken = small.Close, ForcedClosing = [small.Close] };
        var thinking = new ThinkingDecoder();
        session.AppendTokens(s_prompt, ThinkingDecoder.OutputsFor(options));
        string text = "";

        await foreach (string piece in thinking.StreamAsync(session, options, Search, small.Tokenizer))
        {
            text += piece;
        }

        Assert.Equal(small.Tokenizer.Decode(thinking.TokenIds), text);
        Assert.EndsWith("\uFFFD", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task StreamAsync_ReaderCancels_StopsWithinOneStep()
    {
        using var small = new SmallVocabulary();
        using TextSession session = TextSession.Saying(small.Size, s_prompt.Length, [small.ByteId((byte)'x')]);
        var options = new ThinkingOptions { Budget = 1000, CloseToken = small.Close, ForcedClosing = [small.Close] };
        using var stop = new CancellationTokenSource();
        session.AppendTokens(s_prompt, ThinkingDecoder.OutputsFor(options));
        int pieces = 0;

        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (string piece in new ThinkingDecoder().StreamAsync(session, options, Search, small.Tokenizer, stop.Token))
            {
                if (++pieces == 5)
                {
                    stop.Cancel();
                }
            }
        });

        Assert.Equal(5, pieces);
        Assert.Equal(5, session.Forwards.Count);
    }

    [Fact]
    public void Think_FromTheSecondThoughtOn_AllocatesNothing()
    {
        using var session = new SilentTextSession(5_000);
        var thinking = new ThinkingDecoder();
        ThinkingOptions[] all =
        [
            s_options with { Budget = 24, CloseToken = 4_999, ForcedClosing = [1, 4_999, 2] },
            s_options with { Budget = 24, CloseToken = 4_999, ForcedClosing = [1, 4_999, 2], Sampling = new SamplingOptions { Samples = true, TopK = 40, TopP = 0.95 } },
        ];

        long bytes = Allocations.Least(() =>
        {
            foreach (ThinkingOptions options in all)
            {
                thinking.Think(session, options, Search);
            }
        });

        Assert.Equal(0, bytes);
        Assert.Equal(24, thinking.TokenIds.Length);
    }

    private static void Think(ThinkingDecoder thinking, TextSession session, ThinkingOptions options)
    {
        session.AppendTokens(s_prompt, ThinkingDecoder.OutputsFor(options));
        thinking.Think(session, options, Search);
    }

    private static TextSession Session(int[] says, int capacity = 1000) => TextSession.Saying(VocabSize, s_prompt.Length, says, capacity);

    private static float[] OneHot(int token)
    {
        var row = new float[VocabSize];
        row[token] = 1;
        return row;
    }
}
