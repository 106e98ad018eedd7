using System.Numerics.Tensors;
using SIDReasoner.Core.Checkpoints;

namespace SIDReasoner.Export.Precision;

/// <summary>The checkpoint's values as float32 with the channel scales in them. Any number of threads may read.</summary>
internal sealed class ScaledWeights(SafetensorsReader reader, ChannelScales scales)
{
    /// <summary>Dimensions of a tensor.</summary>
    public IReadOnlyList<long> Shape(string name) => reader.Tensors[name].Shape;

    /// <summary>A vector: a norm's weight or a bias.</summary>
    public float[] Vector(string name)
    {
        var values = reader.ReadFloats(name);
        if (scales.Outputs.TryGetValue(name, out var divisors))
            TensorPrimitives.Divide<float>(values, divisors, values);
        return values;
    }

    /// <summary>One row of a matrix [out, in].</summary>
    public void Row(string name, int row, Span<float> values)
    {
        reader.ReadFloats(name, (long)row * values.Length, values);
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
}
