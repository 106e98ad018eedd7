using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace SIDReasoner.Benchmarks.Decoders.Gguf;

/// <summary>Values to the bytes of a GGUF tensor, rounded as llama.cpp's own reference quantisers round (ggml-quants.c: quantize_row_q8_0_ref, quantize_row_q4_0_ref).</summary>
public static class GgufBlocks
{
    /// <summary>Values of a block.</summary>
    public const int BlockSize = 32;

    private const int ScaleBytes = 2;

    /// <summary>Bytes of so many values.</summary>
    /// <param name="type">The form.</param>
    /// <param name="count">Values; whole blocks.</param>
    /// <returns>Bytes.</returns>
    public static long Bytes(GgufType type, long count) => type == GgufType.F32 ? count * sizeof(float) : count / BlockSize * BlockBytes(type);

    /// <summary>Writes values in a form.</summary>
    /// <param name="type">The form.</param>
    /// <param name="values">Whole blocks.</param>
    /// <param name="bytes">Receives them; <see cref="Bytes"/> long.</param>
    /// <exception cref="ArgumentException">No whole blocks, or a destination of another length.</exception>
    public static void Encode(GgufType type, ReadOnlySpan<float> values, Span<byte> bytes)
    {
        if ((type != GgufType.F32 && values.Length % BlockSize != 0) || bytes.Length != Bytes(type, values.Length))
        {
            throw new ArgumentException($"{values.Length} values of {type} do not fill {bytes.Length} bytes; expected whole blocks of {BlockSize} and {Bytes(type, values.Length)} bytes.", nameof(bytes));
        }

        if (type == GgufType.F32)
        {
            MemoryMarshal.AsBytes(values).CopyTo(bytes);
            return;
        }

        int size = BlockBytes(type);
        for (int block = 0; block < values.Length / BlockSize; block++)
        {
            ReadOnlySpan<float> own = values.Slice(block * BlockSize, BlockSize);
            Span<byte> place = bytes.Slice(block * size, size);
            if (type == GgufType.Q8_0)
            {
                EncodeQ8(own, place);
            }
            else
            {
                EncodeQ4(own, place);
            }
        }
    }

    private static int BlockBytes(GgufType type) => type switch
    {
        GgufType.Q4_0 => ScaleBytes + (BlockSize / 2),
        GgufType.Q8_0 => ScaleBytes + BlockSize,
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "No type of blocks."),
    };

    private static void EncodeQ8(ReadOnlySpan<float> values, Span<byte> bytes)
    {
        float scale = Math.Abs(Largest(values)) / 127f;
        float inverse = scale == 0 ? 0 : 1f / scale;
        BinaryPrimitives.WriteHalfLittleEndian(bytes, (Half)scale);
        for (int i = 0; i < BlockSize; i++)
        {
            bytes[ScaleBytes + i] = (byte)(sbyte)MathF.Round(values[i] * inverse, MidpointRounding.AwayFromZero);
        }
    }

    // Code 0 stands for the value of largest magnitude, whatever its sign.
    private static void EncodeQ4(ReadOnlySpan<float> values, Span<byte> bytes)
    {
        float scale = Largest(values) / -8f;
        float inverse = scale == 0 ? 0 : 1f / scale;
        BinaryPrimitives.WriteHalfLittleEndian(bytes, (Half)scale);
        for (int i = 0; i < BlockSize / 2; i++)
        {
            bytes[ScaleBytes + i] = (byte)(Code(values[i] * inverse) | (Code(values[i + (BlockSize / 2)] * inverse) << 4));
        }

        static int Code(float value) => Math.Min(15, (int)(value + 8.5f));
    }

    private static float Largest(ReadOnlySpan<float> values)
    {
        float largest = 0;
        foreach (float value in values)
        {
            largest = Math.Abs(value) > Math.Abs(largest) ? value : largest;
        }

        return largest;
    }
}
