using System.Numerics.Tensors;
using SIDReasoner.Core;
using SIDReasoner.Core.Checkpoints;

namespace SIDReasoner.Export.Precision;

/// <summary>The checkpoint's values as float32 with the channel scales in them, and rotated where rotations are given. Any number of threads may read.</summary>
internal sealed class ScaledWeights(SafetensorsReader reader, ChannelScales scales, ResidualRotation? rotation = null, BlockRotation? inputRotation = null)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, float[]> _norms = [];
    private (string Name, float[] Values) _writer = ("", []);

    /// <summary>What the residual stream is rotated by; null where it is not.</summary>
    public ResidualRotation? Rotation => rotation;

    /// <summary>What the inputs of a matrix are to be rotated by at run time; null where they stay.</summary>
    public BlockRotation? InputRotation(string name) => inputRotation is { Size: > 1 } && inputRotation.Readers.Contains(name) ? inputRotation : null;

    /// <summary>Dimensions of a tensor.</summary>
    public IReadOnlyList<long> Shape(string name) => reader.Tensors[name].Shape;

    /// <summary>A vector: a norm's weight or a bias.</summary>
    /// <exception cref="SidReasonerException">As for <see cref="Row"/>.</exception>
    public float[] Vector(string name)
    {
        var values = reader.ReadFloats(name);
        CheckFinite(values, name, 0);
        if (rotation is not null && rotation.Norms.Contains(name))
            Array.Fill(values, 1f);
        if (scales.Outputs.TryGetValue(name, out var divisors))
            TensorPrimitives.Divide<float>(values, divisors, values);
        if (rotation is not null && rotation.Writers.Contains(name))
            rotation.Apply(values, columns: 1);
        return values;
    }

    /// <summary>One row of a matrix [out, in].</summary>
    /// <exception cref="SidReasonerException">It holds a value that is no finite number: no code stands for one, and rounded products would make a finite number of it.</exception>
    public void Row(string name, int row, Span<float> values)
    {
        if (rotation is not null && rotation.Writers.Contains(name))
            RotatedWriter(name, rotation, values.Length).AsSpan(row * values.Length, values.Length).CopyTo(values);
        else
            ReadRow(name, row, values);
        InputRotation(name)?.Apply(values);
        if (rotation is not null && rotation.Readers.TryGetValue(name, out var norm))
        {
            TensorPrimitives.Multiply(values, Norm(norm), values);
            rotation.Apply(values, columns: 1);
        }

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

    /// <summary>As the checkpoint has it, times the scales of its columns.</summary>
    private void ReadRow(string name, int row, Span<float> values)
    {
        reader.ReadFloats(name, (long)row * values.Length, values);
        CheckFinite(values, name, row);
        if (scales.Inputs.TryGetValue(name, out var factors))
            TensorPrimitives.Multiply(values, factors, values);
    }

    /// <summary>A whole matrix, whose rows a rotation mixes; the last one asked for is kept.</summary>
    private float[] RotatedWriter(string name, ResidualRotation by, int columns)
    {
        lock (_gate)
        {
            if (_writer.Name != name)
            {
                var values = new float[checked(by.Width * columns)];
                for (var row = 0; row < by.Width; row++)
                    ReadRow(name, row, values.AsSpan(row * columns, columns));
                by.Apply(values, columns);
                _writer = (name, values);
            }

            return _writer.Values;
        }
    }

    private float[] Norm(string name)
    {
        lock (_gate)
        {
            if (!_norms.TryGetValue(name, out var values))
            {
                _norms.Add(name, values = reader.ReadFloats(name));
                CheckFinite(values, name, 0);
            }

            return values;
        }
    }

    private static void CheckFinite(ReadOnlySpan<float> values, string name, int row)
    {
        if (!TensorPrimitives.IsFiniteAll(values))
            throw new SidReasonerException($"Row {row} of '{name}' holds a value that is no finite number; 4 and 8 bits need finite ones. Check the checkpoint's weights.");
    }
}
