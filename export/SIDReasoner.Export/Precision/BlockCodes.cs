namespace SIDReasoner.Export.Precision;

/// <summary>A matrix [out, in] in blocks along each output's inputs: value = (code - zero point) * scale.</summary>
/// <param name="Bits">4 or 8.</param>
/// <param name="Outputs">Rows.</param>
/// <param name="Inputs">Values of a row.</param>
/// <param name="Codes">[out, blocks, <see cref="BlockQuantizer.BlockSize"/> * bits / 8] bytes; with 4 bits two codes share a byte, the first in the low half.</param>
/// <param name="Scales">[out, blocks].</param>
/// <param name="ZeroPoints">[out, (blocks + 1) / 2], two a byte, the first in the low half; null where every zero point is the middle code.</param>
internal sealed record BlockCodes(int Bits, int Outputs, int Inputs, byte[] Codes, float[] Scales, byte[]? ZeroPoints)
{
    /// <summary>Blocks of a row; the last may be partly beyond the inputs.</summary>
    public int Blocks => (Inputs + BlockQuantizer.BlockSize - 1) / BlockQuantizer.BlockSize;

    /// <summary>Bytes of a block's codes.</summary>
    public int BlockBytes => BlockQuantizer.BlockSize * Bits / 8;
}
