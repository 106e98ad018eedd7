using System.Buffers.Binary;
using System.Numerics;

namespace SIDReasoner.Core.Tries;

/// <summary>CRC-32C (Castagnoli): reflected polynomial 0x82F63B78, start and final exclusive-or with all ones. "123456789" gives 0xE3069283.</summary>
internal static unsafe class Crc32C
{
    /// <summary>The checksum of a run of bytes of any length.</summary>
    public static uint Compute(byte* bytes, long length) => ~Append(uint.MaxValue, bytes, length);

    /// <summary>The checksum of a span.</summary>
    public static uint Compute(ReadOnlySpan<byte> bytes)
    {
        fixed (byte* pointer = bytes)
            return Compute(pointer, bytes.Length);
    }

    private static uint Append(uint state, byte* bytes, long length)
    {
        for (; length >= 8; bytes += 8, length -= 8)
            state = BitOperations.Crc32C(state, BinaryPrimitives.ReadUInt64LittleEndian(new ReadOnlySpan<byte>(bytes, 8)));
        for (; length > 0; bytes++, length--)
            state = BitOperations.Crc32C(state, *bytes);
        return state;
    }
}
