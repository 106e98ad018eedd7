namespace SIDReasoner.Export.Precision;

/// <summary>A matrix [out, in] in blocks along each output's inputs: value = (code - zero point) * scale.</summary>
/// <param name="Outputs">Rows.</param>
/// <param name="Inputs">Values of a row.</param>
/// <param name="Codes">[out, blocks, <see cref="BlockQuantizer.BlockBytes"/>]: two codes share a byte, the first in the low half.</param>
/// <param name="Scales">[out, blocks].</param>
/// <param name="ZeroPoints">[out, (blocks + 1) / 2], two a byte likewise.</param>
internal sealed record BlockCodes(int Outputs, int Inputs, byte[] Codes, float[] Scales, byte[] ZeroPoints)
{
    /// <summary>Blocks of a row; the last may be partly beyond the inputs.</summary>
    public int Blocks => (Inputs + BlockQuantizer.BlockSize - 1) / BlockQuantizer.BlockSize;
}
