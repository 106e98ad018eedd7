using System.Numerics;
using System.Runtime.InteropServices;

namespace SIDReasoner.Decoding.Sampling;

/// <summary>The largest of a row of logits, vectorised.</summary>
public static class Argmax
{
    /// <summary>The place of the largest logit; of equal ones the first.</summary>
    /// <param name="logits">At least one number; minus infinity marks what cannot come.</param>
    /// <returns>The place and the value, or -1 and NaN where a logit is NaN or plus infinity, or all are minus infinity.</returns>
    /// <remarks>Two passes over the row at memory speed; nothing is allocated.</remarks>
    public static (int Index, float Value) Find(ReadOnlySpan<float> logits)
    {
        float largest = Largest(logits, out bool hasNan);
        if (hasNan || !float.IsFinite(largest))
        {
            return (-1, float.NaN);
        }

        return (IndexOf(logits, largest), largest);
    }

    private static float Largest(ReadOnlySpan<float> logits, out bool hasNan)
    {
        ReadOnlySpan<Vector<float>> vectors = MemoryMarshal.Cast<float, Vector<float>>(logits);
        var first = new Vector<float>(float.NegativeInfinity);
        Vector<float> second = first;
        Vector<int> numbers = Vector<int>.AllBitsSet;
        int i = 0;
        for (; i + 2 <= vectors.Length; i += 2)
        {
            Vector<float> a = vectors[i];
            Vector<float> b = vectors[i + 1];
            numbers &= Vector.Equals(a, a) & Vector.Equals(b, b);
            first = Vector.ConditionalSelect(Vector.GreaterThan(a, first), a, first);
            second = Vector.ConditionalSelect(Vector.GreaterThan(b, second), b, second);
        }

        first = Vector.ConditionalSelect(Vector.GreaterThan(second, first), second, first);
        float largest = float.NegativeInfinity;
        for (int lane = 0; lane < Vector<float>.Count; lane++)
        {
            largest = first[lane] > largest ? first[lane] : largest;
        }

        hasNan = numbers != Vector<int>.AllBitsSet;
        foreach (float value in logits[(i * Vector<float>.Count)..])
        {
            hasNan |= float.IsNaN(value);
            largest = value > largest ? value : largest;
        }

        return largest;
    }

    private static int IndexOf(ReadOnlySpan<float> logits, float value)
    {
        ReadOnlySpan<Vector<float>> vectors = MemoryMarshal.Cast<float, Vector<float>>(logits);
        var wanted = new Vector<float>(value);
        int i = 0;
        while (i < vectors.Length && !Vector.EqualsAny(vectors[i], wanted))
        {
            i++;
        }

        for (int place = i * Vector<float>.Count; ; place++)
        {
            if (logits[place] == value)
            {
                return place;
            }
        }
    }
}
