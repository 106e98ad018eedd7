using System.Runtime.InteropServices;

namespace SIDReasoner.Runtime.Model;

/// <summary>Native memory on a cache line's border, so that ONNX Runtime may keep pointers into it.</summary>
internal sealed unsafe class NativeBuffer : IDisposable
{
    private const int Alignment = 64;

    /// <summary>Allocates; the bytes are undefined and untouched.</summary>
    public NativeBuffer(long bytes)
    {
        Bytes = bytes;
        Pointer = (byte*)NativeMemory.AlignedAlloc((nuint)Math.Max(bytes, Alignment), Alignment);
    }

    /// <summary>Frees what was not disposed.</summary>
    ~NativeBuffer() => Free();

    /// <summary>First byte.</summary>
    public byte* Pointer { get; private set; }

    /// <summary>Size.</summary>
    public long Bytes { get; }

    /// <summary>Frees the memory. Tensors over it must be released before.</summary>
    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    private void Free()
    {
        if (Pointer == null)
            return;
        NativeMemory.AlignedFree(Pointer);
        Pointer = null;
    }
}
