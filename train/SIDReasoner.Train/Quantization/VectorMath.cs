using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace SIDReasoner.Train.Quantization;

/// <summary>
/// Sums over float64 vectors in an order that is the same on every machine: always four lanes, whatever the hardware's width, and no
/// fused multiply-add. Codebooks therefore come out bit for bit alike everywhere.
/// </summary>
internal static class VectorMath
{
    /// <summary>Inner product of two vectors of one length.</summary>
    public static double Dot(ReadOnlySpan<double> left, ReadOnlySpan<double> right)
    {
        ref double a = ref MemoryMarshal.GetReference(left);
        ref double b = ref MemoryMarshal.GetReference(right[..left.Length]);
        Vector256<double> lanes = Vector256<double>.Zero;
        int i = 0;
        for (; i <= left.Length - Vector256<double>.Count; i += Vector256<double>.Count)
        {
            lanes += Vector256.LoadUnsafe(ref a, (nuint)i) * Vector256.LoadUnsafe(ref b, (nuint)i);
        }

        double sum = (lanes[0] + lanes[1]) + (lanes[2] + lanes[3]);
        for (; i < left.Length; i++)
        {
            sum += left[i] * right[i];
        }

        return sum;
    }

    /// <summary>Adds <paramref name="scale"/> times <paramref name="source"/> to <paramref name="destination"/>, element by element.</summary>
    public static void AddScaled(Span<double> destination, ReadOnlySpan<double> source, double scale)
    {
        ref double into = ref MemoryMarshal.GetReference(destination[..source.Length]);
        ref double from = ref MemoryMarshal.GetReference(source);
        Vector256<double> scales = Vector256.Create(scale);
        int i = 0;
        for (; i <= source.Length - Vector256<double>.Count; i += Vector256<double>.Count)
        {
            Vector256<double> sum = Vector256.LoadUnsafe(ref into, (nuint)i) + (Vector256.LoadUnsafe(ref from, (nuint)i) * scales);
            sum.StoreUnsafe(ref into, (nuint)i);
        }

        for (; i < source.Length; i++)
        {
            destination[i] += source[i] * scale;
        }
    }

    /// <summary>Inner product of every row of <paramref name="rows"/>, [n, width] row-major, with itself.</summary>
    public static double[] SquaredNorms(ReadOnlySpan<double> rows, int width)
    {
        double[] norms = new double[rows.Length / width];
        for (int i = 0; i < norms.Length; i++)
        {
            ReadOnlySpan<double> row = rows.Slice(i * width, width);
            norms[i] = Dot(row, row);
        }

        return norms;
    }

    /// <summary>Divides every row of <paramref name="rows"/>, [n, width] row-major, by its Euclidean length; a zero row stays.</summary>
    public static void NormalizeRows(Span<double> rows, int width)
    {
        for (int start = 0; start < rows.Length; start += width)
        {
            Span<double> row = rows.Slice(start, width);
            double length = Math.Sqrt(Dot(row, row));
            if (length > 0)
            {
                for (int i = 0; i < width; i++)
                {
                    row[i] /= length;
                }
            }
        }
    }
}
