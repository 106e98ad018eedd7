namespace SIDReasoner.Core.Checkpoints;

/// <summary>Where a tensor lies.</summary>
/// <param name="Name">Its name in the file.</param>
/// <param name="DType">Element type.</param>
/// <param name="Shape">Sizes, outermost first; empty for a scalar. Data is row-major, little-endian.</param>
/// <param name="File">Full path of the file that holds it.</param>
/// <param name="Offset">Bytes from the start of that file.</param>
/// <param name="ByteLength">Bytes of data.</param>
public sealed record TensorInfo(string Name, TensorDType DType, IReadOnlyList<long> Shape, string File, long Offset, long ByteLength)
{
    /// <summary>Number of elements: the product of <see cref="Shape"/>.</summary>
    public long ElementCount => ByteLength / DType.Size();
}
