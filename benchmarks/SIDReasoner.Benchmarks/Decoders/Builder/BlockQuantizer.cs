namespace SIDReasoner.Benchmarks.Decoders.Builder;

/// <summary>Rounds a row to blocks of 32 codes as GenAI's builder does by default: symmetric, a value is (code - middle) * scale, and the value of largest magnitude gets code 0.</summary>
/// <remarks>Source: MlasQuantizeBlockwise as ONNX Runtime's quantiser calls it. With 4 bits two codes share a byte, the first in the low half.</remarks>
public static class BlockQuantizer
{
    /// <summary>Values of a block.</summary>
    public const int BlockSize = 32;

    /// <summary>Rounds a row of whole blocks.</summary>
    /// <param name="row">The values.</param>
    /// <param name="bits">4 or 8.</param>
    /// <param name="codes">Receives <c>row.Length * bits / 8</c> bytes.</param>
    /// <param name="scales">Receives one scale a block.</param>
    public static void Quantize(ReadOnlySpan<float> row, int bits, Span<byte> codes, Span<float> scales)
    {
        int middle = 1 << (bits - 1), most = (1 << bits) - 1;
        for (int block = 0; block < row.Length / BlockSize; block++)
        {
            ReadOnlySpan<float> own = row.Slice(block * BlockSize, BlockSize);
            (float least, float largest) = (System.Numerics.Tensors.TensorPrimitives.Min(own), System.Numerics.Tensors.TensorPrimitives.Max(own));
            float scale = (Math.Abs(largest) > Math.Abs(least) ? largest : least) / -middle;
            float inverse = scale == 0 ? 0 : 1f / scale;
            scales[block] = scale;
            for (int i = 0; i < BlockSize; i++)
            {
                int code = (int)Math.Clamp(MathF.Round((own[i] * inverse) + middle, MidpointRounding.AwayFromZero), 0, most);
                int place = (block * BlockSize) + i;
                if (bits == 8)
                {
                    codes[place] = (byte)code;
                }
                else
                {
                    codes[place / 2] = (byte)(i % 2 == 0 ? code : codes[place / 2] | (code << 4));
                }
            }
        }
    }
}
