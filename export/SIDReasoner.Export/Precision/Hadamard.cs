using System.Numerics.Tensors;

namespace SIDReasoner.Export.Precision;

/// <summary>Hadamard's matrix of a power of two in Sylvester's order; symmetric, and its own inverse once scaled.</summary>
internal static class Hadamard
{
    /// <summary>Scaled to be orthogonal, float32 [size, size].</summary>
    public static float[] Matrix(int size)
    {
        var entry = 1 / MathF.Sqrt(size);
        var matrix = new float[size * size];
        for (var i = 0; i < matrix.Length; i++)
            matrix[i] = (int.PopCount(i / size & i % size) & 1) == 0 ? entry : -entry;
        return matrix;
    }

    /// <summary>Multiplies each <paramref name="size"/> rows of a matrix [rows, columns] by it from the left, in place and unscaled: sums and differences alone.</summary>
    public static void Transform(Span<float> values, int size, int columns)
    {
        var kept = new float[size * columns / 2];
        for (var half = columns; half < size * columns; half *= 2)
        {
            for (var start = 0; start < values.Length; start += 2 * half)
            {
                var first = values.Slice(start, half);
                var second = values.Slice(start + half, half);
                var sum = kept.AsSpan(0, half);
                TensorPrimitives.Add<float>(first, second, sum);
                TensorPrimitives.Subtract<float>(first, second, second);
                sum.CopyTo(first);
            }
        }
    }
}
