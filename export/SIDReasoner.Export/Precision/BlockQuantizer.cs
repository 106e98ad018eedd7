using System.Numerics.Tensors;
using System.Runtime.Intrinsics;

namespace SIDReasoner.Export.Precision;

/// <summary>Rounds weights to blocks of 32 4-bit codes, as MatMulNBits reads them.</summary>
/// <remarks>
/// Scale and whole zero point are searched for the least sum of squared errors: every zero
/// point near the one that spans the block, from the full range and from narrower ones that cut the ends, codes and least-squares scale refitted in turns: less than
/// five sixths of the squared error of a symmetric range (docs/decisions/precision.md).
/// </remarks>
internal static class BlockQuantizer
{
    /// <summary>Values of a block: the smallest that MatMulNBits has a fast kernel for, hence the most exact.</summary>
    public const int BlockSize = 32;

    /// <summary>Bits of a code.</summary>
    public const int Bits = 4;

    /// <summary>Bytes of a block's codes.</summary>
    public const int BlockBytes = BlockSize * Bits / 8;

    private const int Most = 15;
    private const int ZeroPointReach = 3;
    private const int Fits = 3;
    private const int RowsAtOnce = 32;

    private static readonly float[] s_ranges = [1f, 0.93f, 0.86f, 0.79f, 0.72f, 0.65f];

    /// <summary>Quantises matrices that share their input, one below the other.</summary>
    /// <param name="weights">Where the values come from.</param>
    /// <param name="names">The matrices [out, in].</param>
    public static BlockCodes Quantize(ScaledWeights weights, IReadOnlyList<string> names)
    {
        int inputs = (int)weights.Shape(names[0])[1], outputs = names.Sum(name => (int)weights.Shape(name)[0]);
        var blocks = (inputs + BlockSize - 1) / BlockSize;
        var codes = new BlockCodes(
            outputs,
            inputs,
            new byte[(long)outputs * blocks * BlockBytes],
            new float[(long)outputs * blocks],
            new byte[(long)outputs * ((blocks + 1) / 2)]);
        var first = 0;
        foreach (var name in names)
        {
            var rows = (int)weights.Shape(name)[0];
            var start = first;
            ParallelWork.Run(() => Parallel.For(0, (rows + RowsAtOnce - 1) / RowsAtOnce, part =>
            {
                var row = new float[blocks * BlockSize];
                for (var n = part * RowsAtOnce; n < Math.Min(rows, (part + 1) * RowsAtOnce); n++)
                {
                    weights.Row(name, n, row.AsSpan(0, inputs));
                    QuantizeRow(row, start + n, codes);
                }
            }));
            first += rows;
        }

        return codes;
    }

    /// <summary>Rounds one block to 4 bits.</summary>
    /// <param name="values">32 values.</param>
    /// <param name="codes">Receives 32 codes from 0 to 15.</param>
    /// <returns>Scale and zero point.</returns>
    public static (float Scale, int ZeroPoint) Quantize(ReadOnlySpan<float> values, Span<byte> codes)
    {
        float least = Math.Min(0, TensorPrimitives.Min(values)), largest = Math.Max(0, TensorPrimitives.Max(values));
        if (least == largest)
        {
            codes.Fill(Most / 2 + 1);
            return (1f, Most / 2 + 1);
        }

        var best = (Scale: 1f, ZeroPoint: 0);
        var bestError = float.PositiveInfinity;
        var spanning = (int)MathF.Round(-least / (largest - least) * Most);
        for (var zero = Math.Max(0, spanning - ZeroPointReach); zero <= Math.Min(Most, spanning + ZeroPointReach); zero++)
        {
            // The scale at which neither end is cut.
            var whole = Math.Max(zero == 0 ? 0 : -least / zero, zero == Most ? 0 : largest / (Most - zero));
            foreach (var range in s_ranges)
            {
                var scale = range * whole;
                for (var fit = 0; fit < Fits && scale > 0; fit++)
                {
                    var (error, refitted) = Fit(values, scale, zero);
                    if (error < bestError)
                        (bestError, best) = (error, (scale, zero));
                    scale = refitted;
                }
            }
        }

        for (var i = 0; i < values.Length; i++)
            codes[i] = (byte)Math.Clamp((int)MathF.Round(values[i] * (1 / best.Scale)) + best.ZeroPoint, 0, Most);
        return best;
    }

    private static void QuantizeRow(ReadOnlySpan<float> row, int output, BlockCodes to)
    {
        Span<byte> codes = stackalloc byte[BlockSize];
        for (var block = 0; block < to.Blocks; block++)
        {
            var values = row.Slice(block * BlockSize, BlockSize);
            var place = ((long)output * to.Blocks) + block;
            var target = to.Codes.AsSpan(checked((int)(place * BlockBytes)), BlockBytes);
            (to.Scales[place], var zero) = Quantize(values, codes);
            for (var i = 0; i < BlockSize; i += 2)
                target[i / 2] = (byte)(codes[i] | (codes[i + 1] << 4));
            to.ZeroPoints[((long)output * ((to.Blocks + 1) / 2)) + (block / 2)] |= (byte)(zero << (block % 2 * 4));
        }
    }

    /// <summary>The squared error of a scale and zero point, and the scale that would fit the codes they give best.</summary>
    private static (float Error, float Refitted) Fit(ReadOnlySpan<float> values, float scale, int zero)
    {
        var (step, inverse) = (Vector256.Create(scale), Vector256.Create(1 / scale));
        var (least, most) = (Vector256.Create((float)-zero), Vector256.Create((float)(Most - zero)));
        Vector256<float> error = default, product = default, square = default;
        for (var i = 0; i < BlockSize; i += Vector256<float>.Count)
        {
            var value = Vector256.Create(values.Slice(i, Vector256<float>.Count));
            var code = Vector256.Min(Vector256.Max(Vector256.Round(value * inverse), least), most);
            var off = value - (code * step);
            error += off * off;
            product += value * code;
            square += code * code;
        }

        return (Vector256.Sum(error), Vector256.Sum(square) is > 0 and var codes ? Vector256.Sum(product) / codes : 0);
    }
}
