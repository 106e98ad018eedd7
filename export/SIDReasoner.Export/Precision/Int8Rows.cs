using System.Numerics.Tensors;

namespace SIDReasoner.Export.Precision;

/// <summary>Rounds weights to 8 bits, one scale a row: symmetric, to nearest, ties to even.</summary>
internal static class Int8Rows
{
    /// <summary>Largest code.</summary>
    public const int Most = 127;

    private const int Block = 64;

    /// <summary>Quantises matrices [out, in] that share their input and lays them side by side as [in, outs], which is what the product reads.</summary>
    /// <param name="weights">Where the values come from.</param>
    /// <param name="names">The matrices.</param>
    /// <returns>Codes [in, outs], and the scale of each output: a value is code * scale.</returns>
    public static (sbyte[] Codes, float[] Scales) Quantize(ScaledWeights weights, IReadOnlyList<string> names)
    {
        var inputs = (int)weights.Shape(names[0])[1];
        var outputs = names.Sum(name => (int)weights.Shape(name)[0]);
        var codes = new sbyte[checked((long)inputs * outputs)];
        var scales = new float[outputs];
        var first = 0;
        foreach (var name in names)
        {
            var rows = (int)weights.Shape(name)[0];
            var start = first;
            ParallelWork.Run(() => Parallel.For(0, (rows + Block - 1) / Block, block =>
            {
                var row = new float[inputs];
                var end = Math.Min(rows, (block + 1) * Block);
                for (var n = block * Block; n < end; n++)
                {
                    weights.Row(name, n, row);
                    scales[start + n] = Quantize(row, codes, start + n, outputs);
                }
            }));
            first += rows;
        }

        return (codes, scales);
    }

    private static float Quantize(ReadOnlySpan<float> row, sbyte[] codes, int column, int columns)
    {
        var scale = TensorPrimitives.MaxMagnitude(row) is var most && Math.Abs(most) > 0 ? Math.Abs(most) / Most : 1f;
        for (var k = 0; k < row.Length; k++)
            codes[((long)k * columns) + column] = (sbyte)MathF.Round(row[k] / scale);
        return scale;
    }
}
