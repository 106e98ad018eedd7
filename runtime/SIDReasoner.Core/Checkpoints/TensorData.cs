using System.Runtime.InteropServices;

namespace SIDReasoner.Core.Checkpoints;

/// <summary>A tensor to write.</summary>
/// <param name="Name">Its name in the file.</param>
/// <param name="DType">Element type.</param>
/// <param name="Shape">Sizes, outermost first; empty for a scalar.</param>
/// <param name="Bytes">Row-major little-endian data, as long as the shape asks.</param>
public sealed record TensorData(string Name, TensorDType DType, IReadOnlyList<long> Shape, ReadOnlyMemory<byte> Bytes)
{
    /// <summary>A float32 tensor from values, which are copied.</summary>
    /// <exception cref="ArgumentException">The shape asks for another number of values.</exception>
    public static TensorData FromFloats(string name, IReadOnlyList<long> shape, float[] values)
    {
        var expected = shape.Aggregate(1L, (product, size) => checked(product * size));
        if (expected != values.Length)
            throw new ArgumentException($"Tensor '{name}' got {values.Length} values; expected {expected} = {string.Join(" * ", shape)}.", nameof(values));
        return new TensorData(name, TensorDType.F32, shape, MemoryMarshal.AsBytes(values.AsSpan()).ToArray());
    }
}
