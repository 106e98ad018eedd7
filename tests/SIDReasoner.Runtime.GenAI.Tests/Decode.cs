using SIDReasoner.Decoding;
using Xunit;

namespace SIDReasoner.Runtime.GenAI.Tests;

/// <summary>The short forms that these tests decode with.</summary>
internal static class Decode
{
    public const StepOutputs All = StepOutputs.Logits | StepOutputs.SidLogits | StepOutputs.LogSumExp;
    public const StepOutputs Rows = StepOutputs.SidLogits | StepOutputs.LogSumExp;

    private const float Tolerance = 1e-4f;

    /// <summary>The likeliest tokens after a prompt, one at a time.</summary>
    public static int[] Greedy(IDecoderSession session, int[] prompt, int count)
    {
        var tokens = new int[count];
        session.Rewind(0);
        session.AppendTokens(prompt, StepOutputs.Logits);
        for (var i = 0; i < count; i++)
        {
            tokens[i] = ArgMax(session.Logits.AsSpan());
            session.AppendTokens([tokens[i]], StepOutputs.Logits);
        }

        return tokens;
    }

    public static int ArgMax(ReadOnlySpan<float> values)
    {
        var best = 0;
        for (var i = 1; i < values.Length; i++)
        {
            if (values[i] > values[best])
                best = i;
        }

        return best;
    }

    /// <summary>Logits after a text that a new session runs in one call.</summary>
    public static float[] Fresh(GenAiEngine engine, params int[] tokens)
    {
        using var session = engine.CreateSession();
        session.AppendTokens(tokens, StepOutputs.Logits);
        return session.Logits.AsSpan().ToArray();
    }

    /// <summary>Largest distance between two rows of equal length.</summary>
    public static float Distance(ReadOnlySpan<float> one, ReadOnlySpan<float> other)
    {
        Assert.Equal(one.Length, other.Length);
        var most = 0f;
        for (var i = 0; i < one.Length; i++)
            most = Math.Max(most, Math.Abs(one[i] - other[i]));
        return most;
    }

    public static void AssertClose(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual) =>
        Assert.InRange(Distance(expected, actual), 0, Tolerance);
}
