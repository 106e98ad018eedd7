using System.Runtime.Intrinsics;

namespace SIDReasoner.Decoding.Kernels;

/// <summary>The arithmetic of <see cref="ScoreMode.Catalog"/> that every kernel shares, so that all give the same bits (native/src/beam_math.h).</summary>
/// <remarks>
/// log-sum-exp of x_0 .. x_{n-1}, with m their largest and M = m * log2 e rounded: t_i = max(fma(x_i, log2 e, -M), -125), e_i = 2^t_i by a
/// polynomial, S their sum, lse = m + fma(-fma(m, log2 e, -M), ln 2, log S). Child c adds to partial sum c mod 32; the 32 are added pairwise,
/// five times. Every operation is a single rounded one, with fma where it is written and only there.
/// </remarks>
internal static class BeamMath
{
    /// <summary>Children are filled up with minus infinity to a multiple of this.</summary>
    public const int Padding = 32;

    private const float Log2E = 1.44269502f;
    private const float Ln2 = 0.693147182f;
    private const float ExpMagic = 12582912.0f;
    private const float ExpFloor = -125.0f;

    /// <summary>Natural log of the sum of exponentials.</summary>
    /// <param name="padded">The children's logits, minus infinity for those that do not count, filled up to a multiple of <see cref="Padding"/>.</param>
    /// <param name="largest">The largest of them, finite.</param>
    /// <returns>The log-sum-exp.</returns>
    public static float LogSumExp(ReadOnlySpan<float> padded, float largest)
    {
        float scaled = largest * Log2E;
        Vector256<float> sum0 = default, sum1 = default, sum2 = default, sum3 = default;
        Vector256<float> minusScaled = Vector256.Create(-scaled);
        for (int i = 0; i < padded.Length; i += Padding)
        {
            sum0 += Exp2(Vector256.Create(padded.Slice(i, 8)), minusScaled);
            sum1 += Exp2(Vector256.Create(padded.Slice(i + 8, 8)), minusScaled);
            sum2 += Exp2(Vector256.Create(padded.Slice(i + 16, 8)), minusScaled);
            sum3 += Exp2(Vector256.Create(padded.Slice(i + 24, 8)), minusScaled);
        }

        float sum = (Pairwise(sum0) + Pairwise(sum1)) + (Pairwise(sum2) + Pairwise(sum3));
        float rest = MathF.FusedMultiplyAdd(largest, Log2E, -scaled);
        return largest + MathF.FusedMultiplyAdd(-rest, Ln2, Log(sum));
    }

    private static Vector256<float> Exp2(Vector256<float> x, Vector256<float> minusScaled)
    {
        Vector256<float> t = Vector256.Max(Vector256.FusedMultiplyAdd(x, Vector256.Create(Log2E), minusScaled), Vector256.Create(ExpFloor));
        Vector256<float> z = t + Vector256.Create(ExpMagic);
        Vector256<float> f = t - (z - Vector256.Create(ExpMagic));
        Vector256<float> p = Vector256.FusedMultiplyAdd(Vector256.Create(1.326462603e-03f), f, Vector256.Create(9.671503678e-03f));
        p = Vector256.FusedMultiplyAdd(p, f, Vector256.Create(5.550733954e-02f));
        p = Vector256.FusedMultiplyAdd(p, f, Vector256.Create(2.402224243e-01f));
        p = Vector256.FusedMultiplyAdd(p, f, Vector256.Create(6.931470037e-01f));
        p = Vector256.FusedMultiplyAdd(p, f, Vector256<float>.One);
        return (p.AsUInt32() + (z.AsUInt32() << 23)).AsSingle();
    }

    private static float Pairwise(Vector256<float> sums) =>
        ((sums[0] + sums[1]) + (sums[2] + sums[3])) + ((sums[4] + sums[5]) + (sums[6] + sums[7]));

    /// <summary>Natural logarithm of a normal positive number; polynomial of Cephes' logf.</summary>
    private static float Log(float value)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value) - 0x3f3504f3u;
        float e = (int)bits >> 23;
        float f = BitConverter.UInt32BitsToSingle((bits & 0x007fffffu) + 0x3f3504f3u) - 1.0f;
        float z = f * f;
        float p = MathF.FusedMultiplyAdd(7.0376836292e-2f, f, -1.1514610310e-1f);
        p = MathF.FusedMultiplyAdd(p, f, 1.1676998740e-1f);
        p = MathF.FusedMultiplyAdd(p, f, -1.2420140846e-1f);
        p = MathF.FusedMultiplyAdd(p, f, 1.4249322787e-1f);
        p = MathF.FusedMultiplyAdd(p, f, -1.6668057665e-1f);
        p = MathF.FusedMultiplyAdd(p, f, 2.0000714765e-1f);
        p = MathF.FusedMultiplyAdd(p, f, -2.4999993993e-1f);
        p = MathF.FusedMultiplyAdd(p, f, 3.3333331174e-1f);
        p *= f;
        p *= z;
        p = MathF.FusedMultiplyAdd(e, -2.12194440e-4f, p);
        p = MathF.FusedMultiplyAdd(z, -0.5f, p);
        p = f + p;
        return MathF.FusedMultiplyAdd(e, 0.693359375f, p);
    }
}
