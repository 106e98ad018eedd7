using Microsoft.ML.OnnxRuntimeGenAI;
using SIDReasoner.Decoding;
using SIDReasoner.Runtime.Model;
using SIDReasoner.TestSupport;
using Xunit;

namespace SIDReasoner.Runtime.GenAI.Tests;

/// <summary>Each known trap of a GenAI generator: that it is (still) there, and that a session of ours stays clear of it.</summary>
public sealed class GeneratorTrapTests : IDisposable
{
    private const float Wrong = 0.01f;

    private static readonly int[] s_prompt = [1, 5, 9, 30, 12, 12, 7, 21, 3, 17, 40, 41, 44];

    private readonly RandomCheckpoint _checkpoint = RandomCheckpoint.Create("qwen3-tied", seed: 31);
    private readonly TestBundle _bundle;
    private readonly GenAiEngine _engine;

    public GeneratorTrapTests()
    {
        _bundle = TestBundle.Of(_checkpoint);
        _engine = _bundle.LoadGenAi(options => options with { ReusePrefixes = false });
    }

    public void Dispose()
    {
        _engine.Dispose();
        _bundle.Dispose();
        _checkpoint.Dispose();
    }

    [Fact]
    public void PendingToken_TextStepsThenMoreText_LeaveNoHole()
    {
        using var model = new Microsoft.ML.OnnxRuntimeGenAI.Model(_bundle.Path);
        using var stock = StockGenerator.Create(model);
        stock.AppendTokens(s_prompt);
        stock.GenerateNextToken();
        var next = stock.GetSequence(0)[^1];
        stock.AppendTokens([8]);
        var expected = Decode.Fresh(_engine, [.. s_prompt, next, 8]);
        Assert.True(Decode.Distance(expected, StockGenerator.Logits(stock)) > Wrong, "GenAI now runs a pending token before others are appended.");

        using var session = _engine.CreateSession();
        session.AppendTokens(s_prompt, StepOutputs.Logits);
        Assert.Equal(next, Decode.ArgMax(session.Logits.AsSpan()));
        session.AppendTokens([next], StepOutputs.None);
        session.AppendTokens([8], StepOutputs.Logits);

        Decode.AssertClose(expected, session.Logits.AsSpan());
    }

    [Fact]
    public void RewindTwice_NoRunBetween_KeepsTheCache()
    {
        using var model = new Microsoft.ML.OnnxRuntimeGenAI.Model(_bundle.Path);
        using var stock = StockGenerator.Create(model, parameters => parameters.SetSearchOption("past_present_share_buffer", false));
        stock.AppendTokens(s_prompt);
        stock.RewindTo(9);
        stock.RewindTo(5);
        stock.AppendTokens([8]);
        var expected = Decode.Fresh(_engine, [.. s_prompt[..5], 8]);
        Assert.True(Decode.Distance(expected, StockGenerator.Logits(stock)) > Wrong, "GenAI's growing cache now survives two rewinds in a row.");

        using var session = _engine.CreateSession();
        session.AppendTokens(s_prompt, StepOutputs.None);
        session.Rewind(9);
        session.Rewind(5);
        session.AppendTokens([8], StepOutputs.Logits);

        Decode.AssertClose(expected, session.Logits.AsSpan());
    }

    [Fact]
    public void ReplayAfterRewind_TextAfterASearch_HoldsNoBeam()
    {
        using var model = new Microsoft.ML.OnnxRuntimeGenAI.Model(_bundle.Path);
        using var stock = StockGenerator.Create(model);
        stock.AppendTokens([.. s_prompt, 33]);
        stock.RewindTo((ulong)s_prompt.Length);
        stock.GenerateNextToken();
        Assert.Equal(33, stock.GetSequence(0)[s_prompt.Length]);

        using var session = _engine.CreateSession();
        var expected = Decode.Greedy(session, s_prompt, 5);
        session.Rewind(s_prompt.Length - 1);
        session.AppendTokens([s_prompt[^1]], Decode.Rows);
        session.AppendBeams([.. _checkpoint.Vocabulary.TokenIds.Take(6)], [-1, -1, -1, -1, -1, -1], Decode.Rows);
        session.Rewind(s_prompt.Length - 1);
        session.AppendTokens([s_prompt[^1]], StepOutputs.Logits);
        var tokens = new List<int>();
        for (var i = 0; i < expected.Length; i++)
        {
            tokens.Add(Decode.ArgMax(session.Logits.AsSpan()));
            session.AppendTokens([tokens[^1]], StepOutputs.Logits);
        }

        Assert.Equal(expected, tokens);
    }

    [Fact]
    public void StaleControl_TextAfterBeams_IsRunAsText()
    {
        using var model = new Microsoft.ML.OnnxRuntimeGenAI.Model(_bundle.Path);
        using var lane = new GeneratorLane(model, rows: 64, controlLength: 64);
        ControlFields.WriteText(lane.Control, StepOutputs.Logits);
        lane.AppendText(s_prompt, 0);
        new ControlFields().WriteBeams(lane.Control, [-1, -1, -1], StepOutputs.SidLogits);
        lane.AppendText([8], s_prompt.Length);
        using (var stale = lane.Output("sid_logits"))
            Assert.NotEqual([1L, 3L, _checkpoint.Vocabulary.Count], stale.Shape());

        using var session = _engine.CreateSession();
        session.AppendTokens(s_prompt, Decode.Rows);
        session.AppendBeams([40, 41, 42], [-1, -1, -1], Decode.Rows);
        session.AppendBeams([43, 44], [2, 0], Decode.Rows);
        session.Rewind(s_prompt.Length);
        session.AppendTokens([8], Decode.All);

        Decode.AssertClose(Decode.Fresh(_engine, [.. s_prompt, 8]), session.Logits.AsSpan());
        Assert.Equal(1, session.SidLogits.Rows);
    }

    [Fact]
    public void StaleControl_EveryField_IsWrittenForEachCall()
    {
        var control = new long[32];
        Array.Fill(control, 77);

        ControlFields.WriteText(control, StepOutputs.None);

        Assert.Equal([0, 0, 0, 0, 0, 1, 0, 0, 0], control[..ControlFields.TextLength]);
    }

    [Fact]
    public void UnknownOutput_AskedOfAGenerator_IsAnErrorAndOfASessionRefusedBefore()
    {
        using var model = new Microsoft.ML.OnnxRuntimeGenAI.Model(_bundle.Path);
        using var stock = StockGenerator.Create(model);
        Assert.Throws<OnnxRuntimeGenAIException>(() => stock.GetOutput("sid_logits"));
        stock.AppendTokens([1]);
        Assert.Throws<OnnxRuntimeGenAIException>(() => stock.GetOutput("no_such_output"));

        using var session = _engine.CreateSession();
        Assert.Equal(LogitsView.Empty, session.SidLogits);
        session.AppendTokens([1], StepOutputs.Logits);
        Assert.Equal(LogitsView.Empty, session.SidLogits);
        Assert.Equal(LogitsView.Empty, session.LogSumExp);
    }

    [Fact]
    public void LateInput_SetAfterTheFirstTokens_IsIgnoredByGenAiWithoutAWordAndNeverNeeded()
    {
        using var model = new Microsoft.ML.OnnxRuntimeGenAI.Model(_bundle.Path);
        using var stock = StockGenerator.Create(model);
        stock.AppendTokens([1]);
        var control = GC.AllocateArray<long>(9, pinned: true);
        using var tensor = new Tensor(System.Runtime.InteropServices.Marshal.UnsafeAddrOfPinnedArrayElement(control, 0), [control.Length], ElementType.int64);
        ControlFields.WriteText(control, StepOutputs.SidLogits);
        stock.SetModelInput(ControlFields.InputName, tensor);
        stock.AppendTokens([2]);
        using var late = stock.GetOutput("sid_logits");
        Assert.Equal(0, late.Shape()[1]);

        using var lane = new GeneratorLane(model, rows: 32, controlLength: 32);
        ControlFields.WriteText(lane.Control, StepOutputs.SidLogits);
        lane.AppendText([1, 2], 0);
        using var first = lane.Output("sid_logits");
        Assert.Equal(1, first.Shape()[1]);
        GC.KeepAlive(control);
    }

    [Fact]
    public void FailedRun_TokensStayCountedInGenAi_TheNextCallDropsThem()
    {
        using var model = new Microsoft.ML.OnnxRuntimeGenAI.Model(_bundle.Path);
        using var lane = new GeneratorLane(model, rows: 64, controlLength: 64);
        ControlFields.WriteText(lane.Control, StepOutputs.None);
        lane.AppendText(s_prompt, 0);
        new ControlFields().WriteBeams(lane.Control, [-1, -1], StepOutputs.SidLogits);
        lane.Control[ControlFields.TextLength] = 1_000_000;
        Assert.Throws<OnnxRuntimeGenAIException>(() => lane.AppendBeams([40, 41], s_prompt.Length, s_prompt.Length));

        ControlFields.WriteText(lane.Control, StepOutputs.Logits);
        lane.AppendText([8], s_prompt.Length);

        using var logits = lane.Output("logits");
        Decode.AssertClose(Decode.Fresh(_engine, [.. s_prompt, 8]), logits.GetData<float>());
    }

    [Fact]
    public void EndOfSequence_AmongTokensAndBeams_ChangesNothing()
    {
        using var onnx = _bundle.LoadOnnx();
        using var reference = onnx.CreateSession();
        using var session = _engine.CreateSession();
        var end = _checkpoint.Config.EosTokenIds[0];
        foreach (var each in new IDecoderSession[] { reference, session })
        {
            each.AppendTokens([1, end, 5], Decode.Rows);
            each.AppendBeams([end, 40, end], [-1, -1, -1], Decode.Rows);
            each.Rewind(3);
            each.AppendTokens([end, 7], Decode.All);
        }

        Decode.AssertClose(reference.Logits.AsSpan(), session.Logits.AsSpan());
    }

    [Fact]
    public void ShortCache_MoreRowsThanThePoolMade_GrowsAndGoesOnFromTheSameState()
    {
        using var onnx = _bundle.LoadOnnx();
        using var reference = onnx.CreateSession();
        using var session = _engine.CreateSession();
        var random = new Random(3);
        int[] wide = [.. Enumerable.Range(0, 150).Select(i => _checkpoint.Vocabulary.TokenIds[i % _checkpoint.Vocabulary.Count])];
        int[] none = [.. Enumerable.Repeat(-1, 150)];
        int[] parents = [.. Enumerable.Range(0, 150).Select(_ => random.Next(150))];

        foreach (var each in new IDecoderSession[] { reference, session })
        {
            each.AppendTokens(s_prompt, Decode.Rows);
            each.AppendBeams(wide, none, Decode.Rows);
            each.AppendBeams(wide, parents, Decode.Rows);
        }

        Assert.True(session.ComputedTokenCount > s_prompt.Length + 300, "No cache was replaced, so this test shows nothing.");
        Decode.AssertClose(reference.SidLogits.AsSpan(), session.SidLogits.AsSpan());
        using var second = _engine.CreateSession();
        second.AppendTokens(s_prompt, Decode.Rows);
        second.AppendBeams(wide, none, Decode.Rows);
        second.AppendBeams(wide, parents, Decode.Rows);
        Assert.Equal(s_prompt.Length + 300, second.ComputedTokenCount);
    }
}
