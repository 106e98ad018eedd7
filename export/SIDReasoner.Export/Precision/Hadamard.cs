namespace SIDReasoner.Export.Precision;

/// <summary>Hadamard's matrix of a power of two in Sylvester's order, scaled to be orthogonal; symmetric, so its own inverse.</summary>
internal static class Hadamard
{
    /// <summary>Float32 [size, size].</summary>
    public static float[] Matrix(int size)
    {
        var entry = 1 / MathF.Sqrt(size);
        var matrix = new float[size * size];
        for (var i = 0; i < matrix.Length; i++)
            matrix[i] = (int.PopCount(i / size & i % size) & 1) == 0 ? entry : -entry;
        return matrix;
    }
}
