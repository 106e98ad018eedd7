using System.Numerics.Tensors;
using SIDReasoner.Core.Checkpoints;

namespace SIDReasoner.Export.Precision;

/// <summary>Hadamard's matrix in blocks down the diagonal, through which some products' inputs pass at run time and the weights that read them at export: a large value is spread over its block.</summary>
/// <remarks>
/// The MLP's inner values have outliers that come and go, and the product between gate and up leaves no place to rotate them in advance. Source: QuaRot (arXiv 2404.00456), section 4, the online
/// transform before the down projection; there over the whole width, here in blocks, which take width * size products a row. Symmetric, and its own inverse. Any number of threads may use it.
/// </remarks>
internal sealed class BlockRotation
{
    /// <summary>Blocks of 64 take a tenth more off the divergence than blocks of 16, and four times the work (docs/decisions/precision.md).</summary>
    private const int MostSize = 16;

    /// <param name="width">Channels of the inputs.</param>
    /// <param name="readers">The weights that read them.</param>
    public BlockRotation(int width, IReadOnlySet<string> readers) => (Size, Readers) = (Math.Min(width & -width, MostSize), readers);

    /// <summary>Channels of a block: the largest power of two up to 16 that divides the width. 1 where nothing is rotated.</summary>
    public int Size { get; }

    /// <summary>Weights whose inputs pass through it.</summary>
    public IReadOnlySet<string> Readers { get; }

    /// <summary>Before each layer's down_proj.</summary>
    public static BlockRotation Of(CheckpointFolder checkpoint) => new(
        checkpoint.Config.IntermediateSize,
        Enumerable.Range(0, checkpoint.Config.LayerCount).Select(layer => $"model.layers.{layer}.mlp.down_proj.weight").ToHashSet(StringComparer.Ordinal));

    /// <summary>One block, float32 [Size, Size].</summary>
    public float[] Matrix() => Hadamard.Matrix(Size);

    /// <summary>Rotates a row, of inputs or of weights, in place.</summary>
    public void Apply(Span<float> row)
    {
        Hadamard.Transform(row, Size, columns: 1);
        TensorPrimitives.Multiply(row, 1 / MathF.Sqrt(Size), row);
    }
}
