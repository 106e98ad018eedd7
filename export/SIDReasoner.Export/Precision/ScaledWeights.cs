using System.Numerics.Tensors;
using SIDReasoner.Core;
using SIDReasoner.Core.Checkpoints;

namespace SIDReasoner.Export.Precision;

/// <summary>The checkpoint's values as float32 with the channel scales in them. Any number of threads may read.</summary>
internal sealed class ScaledWeights(SafetensorsReader reader, ChannelScales scales)
{
    /// <summary>Dimensions of a tensor.</summary>
    public IReadOnlyList<long> Shape(string name) => reader.Tensors[name].Shape;

    /// <summary>A vector: a norm's weight or a bias.</summary>
    /// <exception cref="SidReasonerException">As for <see cref="Row"/>.</exception>
    public float[] Vector(string name)
    {
        var values = reader.ReadFloats(name);
        CheckFinite(values, name, 0);
        if (scales.Outputs.TryGetValue(name, out var divisors))
            TensorPrimitives.Divide<float>(values, divisors, values);
        return values;
    }

    /// <summary>One row of a matrix [out, in].</summary>
    /// <exception cref="SidReasonerException">It holds a value that is no finite number: no code stands for one, and rounded products would make a finite number of it.</exception>
    public void Row(string name, int row, Span<float> values)
    {
        reader.ReadFloats(name, (long)row * values.Length, values);
        CheckFinite(values, name, row);
        if (scales.Inputs.TryGetValue(name, out var factors))
            TensorPrimitives.Multiply(values, factors, values);
        if (scales.Outputs.TryGetValue(name, out var divisors))
            TensorPrimitives.Divide(values, divisors[row], values);
    }

    /// <summary>Some rows of a matrix, one after another.</summary>
    public float[] Rows(string name, IReadOnlyList<int> rows)
    {
        var width = (int)Shape(name)[1];
        var values = new float[rows.Count * width];
        for (var i = 0; i < rows.Count; i++)
            Row(name, rows[i], values.AsSpan(i * width, width));
        return values;
    }

    private static void CheckFinite(ReadOnlySpan<float> values, string name, int row)
    {
        if (!TensorPrimitives.IsFiniteAll(values))
            throw new SidReasonerException($"Row {row} of '{name}' holds a value that is no finite number; 4 and 8 bits need finite ones. Check the checkpoint's weights.");
    }
}
