namespace SIDReasoner.TestSupport;

/// <summary>Quantised products written out one number after the other: the oracle of the exported graphs.</summary>
public static class SlowQuantized
{
    /// <summary>8 bits by rows: each output's weights and each row of x have one scale, sums are whole numbers.</summary>
    /// <param name="x">One row, [in].</param>
    /// <param name="weights">[out, in].</param>
    /// <param name="range">What the largest code of x stands for; larger values take the last code. Null for the largest magnitude of x.</param>
    /// <returns>[out], without bias.</returns>
    public static double[] Int8(float[] x, float[][] weights, float? range = null)
    {
        float most = range ?? x.Max(Math.Abs);
        int[] codes = [.. x.Select(v => most == 0 ? 0 : (int)Math.Clamp(range is null ? MathF.Round(v / most / (1f / 127)) : MathF.Round(v / (most * (1f / 127))), -128, 127))];
        return [.. weights.Select(row =>
        {
            float scale = row.Max(Math.Abs) / 127;
            long sum = 0;
            for (int k = 0; k < row.Length && scale > 0; k++)
            {
                sum += codes[k] * (long)MathF.Round(row[k] / scale);
            }

            return sum * (double)scale / 127 * most;
        })];
    }

    /// <summary>Products in blocks of 32: a block of an output's weights has a scale, a block of x a scale of its own and 8 bits.</summary>
    /// <param name="x">One row, [in].</param>
    /// <param name="weights">[out, in].</param>
    /// <param name="round">A block of 32 weights as it is read again.</param>
    /// <returns>[out], without bias.</returns>
    public static double[] Blocks(float[] x, float[][] weights, Func<float[], float[]> round) =>
        [.. weights.Select(row => InBlocks(x).Zip(InBlocks(row), (own, block) => Product(own, round(block))).Sum())];

    private static double Product(float[] x, float[] weights)
    {
        float scale = x.Max(Math.Abs) / 127;
        return scale == 0 ? 0 : x.Zip(weights, (v, w) => MathF.Round(v / scale) * (double)scale * w).Sum();
    }

    private static IEnumerable<float[]> InBlocks(float[] row) => row.Chunk(32).Select(block => block.Concat(new float[32 - block.Length]).ToArray());
}
