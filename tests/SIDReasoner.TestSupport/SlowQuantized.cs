namespace SIDReasoner.TestSupport;

/// <summary>Quantised products written out one number after the other: the oracle of the exported graphs.</summary>
public static class SlowQuantized
{
    /// <summary>8 bits by rows: each output's weights and each row of x have one scale, sums are whole numbers.</summary>
    /// <param name="x">One row, [in].</param>
    /// <param name="weights">[out, in].</param>
    /// <returns>[out], without bias.</returns>
    public static double[] Int8(float[] x, float[][] weights)
    {
        float most = x.Max(Math.Abs);
        int[] codes = [.. x.Select(v => most == 0 ? 0 : (int)MathF.Round(v / most / (1f / 127)))];
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
}
