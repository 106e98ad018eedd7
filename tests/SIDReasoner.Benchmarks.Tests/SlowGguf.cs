using System.Buffers.Binary;
using SIDReasoner.Benchmarks.Decoders.Gguf;

namespace SIDReasoner.Benchmarks.Tests;

/// <summary>A GGUF tensor's bytes back to values, one at a time, after llama.cpp's description of its blocks.</summary>
internal static class SlowGguf
{
    public static float[] Decode(GgufType type, ReadOnlySpan<byte> bytes)
    {
        var values = new List<float>();
        int blockBytes = type switch { GgufType.F32 => 128, GgufType.Q8_0 => 34, _ => 18 };
        for (int start = 0; start < bytes.Length; start += blockBytes)
        {
            for (int i = 0; i < 32; i++)
            {
                values.Add(type switch
                {
                    GgufType.F32 => BinaryPrimitives.ReadSingleLittleEndian(bytes[(start + (4 * i))..]),
                    GgufType.Q8_0 => (float)BinaryPrimitives.ReadHalfLittleEndian(bytes[start..]) * (sbyte)bytes[start + 2 + i],
                    _ => (float)BinaryPrimitives.ReadHalfLittleEndian(bytes[start..]) * (((bytes[start + 2 + (i % 16)] >> (i < 16 ? 0 : 4)) & 15) - 8),
                });
            }
        }

        return [.. values];
    }
}
