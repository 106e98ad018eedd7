using System.Diagnostics;

namespace SIDReasoner.Decoding;

/// <summary>The element type of logits.</summary>
public enum TensorElementType
{
    /// <summary>IEEE 754 single precision.</summary>
    Float32,

    /// <summary>IEEE 754 half precision.</summary>
    Float16,

    /// <summary>bfloat16.</summary>
    BFloat16,
}

/// <summary>Where a tensor's bytes lie.</summary>
public enum DeviceKind
{
    /// <summary>Host memory, readable through the pointer.</summary>
    Cpu,

    /// <summary>A CUDA device's memory: an address for kernels, never to be read by the host.</summary>
    Cuda,
}

/// <summary>Logits where they lie: a row-major matrix that a session owns. Valid until that session's next call.</summary>
/// <param name="Pointer">Address of element [0, 0].</param>
/// <param name="Type">Element type.</param>
/// <param name="Device">Where the address points to.</param>
/// <param name="Rows">Rows, one a beam.</param>
/// <param name="Columns">Columns of a row; rows follow one another without a gap.</param>
public readonly record struct LogitsView(nint Pointer, TensorElementType Type, DeviceKind Device, int Rows, int Columns)
{
    /// <summary>No logits: no rows, no address.</summary>
    public static LogitsView Empty => default;

    /// <summary>The matrix as float32, without a copy.</summary>
    /// <returns>All elements, row after row.</returns>
    /// <exception cref="InvalidOperationException">The logits are not float32 in host memory.</exception>
    public unsafe ReadOnlySpan<float> AsSpan()
    {
        if (Type != TensorElementType.Float32 || Device != DeviceKind.Cpu)
        {
            throw new InvalidOperationException($"Logits are {Type} on {Device}; this reader needs Float32 on Cpu.");
        }

        Debug.Assert(Rows == 0 || Pointer != 0, "A view with rows has an address.");
        return new ReadOnlySpan<float>((void*)Pointer, checked(Rows * Columns));
    }
}
