using System.Numerics.Tensors;
using SIDReasoner.Core.Checkpoints;
using SIDReasoner.Export.Decoder;

namespace SIDReasoner.Export.Precision;

/// <summary>An orthogonal matrix Q [H, H] through which the residual stream passes, x' = x Q: a channel that is fifty times larger than the rest is spread over all, and every row rounds well.</summary>
/// <remarks>
/// Norms without a weight commute with it, so each norm's weight moves into the products that read the norm, which are then rotated as the stream is; products that write to the
/// stream are rotated on their output side. The function stays. Only the embeddings are rotated at run time, by two small products (<see cref="Factors"/>).
/// Q = C (x) W: W Hadamard's matrix of the largest power of two that divides H, C the cosine transform (DCT-II, orthonormal) of what remains; no entry is larger than sqrt(2 / H).
/// Source: QuaRot (arXiv 2404.00456), section 4, stage 1a; there with random signs, which add nothing where outliers sit in single channels. Any number of threads may use it.
/// </remarks>
internal sealed class ResidualRotation
{
    private readonly int _power;
    private readonly float[,] _rest;

    /// <param name="width">Channels of the residual stream (H).</param>
    /// <param name="readers">A weight that reads the stream behind a norm -> that norm's weight.</param>
    /// <param name="writers">Weights and biases whose products are added to the stream.</param>
    /// <param name="boundedReaders">Of the readers, those that <see cref="BoundedReaders"/> names.</param>
    public ResidualRotation(int width, IReadOnlyDictionary<string, string> readers, IReadOnlySet<string> writers, IReadOnlySet<string> boundedReaders)
    {
        (Width, Readers, Writers, BoundedReaders) = (width, readers, writers, boundedReaders);
        Norms = readers.Values.ToHashSet(StringComparer.Ordinal);
        _power = width & -width;
        var rest = width / _power;
        _rest = new float[rest, rest];
        for (var i = 0; i < rest; i++)
        {
            for (var j = 0; j < rest; j++)
                _rest[i, j] = (float)(Math.Sqrt((j == 0 ? 1.0 : 2.0) / width) * Math.Cos(Math.PI * (2 * i + 1) * j / (2 * rest)));
        }
    }

    /// <summary>Channels of the residual stream (H).</summary>
    public int Width { get; }

    /// <summary>A weight that reads the stream behind a norm -> that norm's weight.</summary>
    public IReadOnlyDictionary<string, string> Readers { get; }

    /// <summary>Weights and biases whose products are added to the stream.</summary>
    public IReadOnlySet<string> Writers { get; }

    /// <summary>
    /// Readers whose input's size need not be measured: a rotated norm gives every row a root mean square of 1, spread evenly. All but the head and the first and last layers' q, k, v: a row that
    /// is no number stays none in the stream, and must reach the cache and the logits by products that measure their input, since a code is always a number.
    /// </summary>
    public IReadOnlySet<string> BoundedReaders { get; }

    /// <summary>Norm weights that moved into their readers.</summary>
    public IReadOnlySet<string> Norms { get; }

    /// <summary>The rotation of a decoder.</summary>
    public static ResidualRotation Of(CheckpointFolder checkpoint)
    {
        var readers = new Dictionary<string, string>(StringComparer.Ordinal) { [DecoderGraph.HeadWeight(checkpoint)] = "model.norm.weight" };
        var (writers, bounded) = (new HashSet<string>(StringComparer.Ordinal), new HashSet<string>(StringComparer.Ordinal));
        for (var layer = 0; layer < checkpoint.Config.LayerCount; layer++)
        {
            var name = $"model.layers.{layer}.";
            foreach (var part in (ReadOnlySpan<string>)["q", "k", "v"])
            {
                readers.Add($"{name}self_attn.{part}_proj.weight", name + "input_layernorm.weight");
                if (layer > 0 && layer < checkpoint.Config.LayerCount - 1)
                    bounded.Add($"{name}self_attn.{part}_proj.weight");
            }

            foreach (var part in (ReadOnlySpan<string>)["gate", "up"])
            {
                readers.Add($"{name}mlp.{part}_proj.weight", name + "post_attention_layernorm.weight");
                bounded.Add($"{name}mlp.{part}_proj.weight");
            }

            foreach (var writer in (ReadOnlySpan<string>)["self_attn.o_proj", "mlp.down_proj"])
                writers.UnionWith([$"{name}{writer}.weight", $"{name}{writer}.bias"]);
        }

        return new ResidualRotation(checkpoint.Config.HiddenSize, readers, writers, bounded);
    }

    /// <summary>Q^T X in place: a row x of the stream becomes x Q, a matrix [H, in] that writes to it writes the rotated stream.</summary>
    /// <param name="values">X, float32 [H, columns].</param>
    /// <param name="columns">1 for a row of the stream.</param>
    public void Apply(Span<float> values, int columns)
    {
        Hadamard.Transform(values, _power, columns);
        var copy = new float[values.Length];
        values.CopyTo(copy);
        values.Clear();
        var (rest, block) = (_rest.GetLength(0), _power * columns);
        for (var j = 0; j < rest; j++)
        {
            var target = values.Slice(j * block, block);
            for (var i = 0; i < rest; i++)
                TensorPrimitives.MultiplyAdd<float>(copy.AsSpan(i * block, block), _rest[i, j], target, target);
        }
    }

    /// <summary>Two small matrices in place of one: a row of the stream as X [a, b], a b = H, becomes L^T X R.</summary>
    /// <returns>L^T [a, a] and R [b, b], float32, with Q = L (x) R. R is Hadamard's, its size the power of two nearest below or at the root of H that divides H.</returns>
    public (float[] LeftTransposed, float[] Right) Factors()
    {
        var b = 1;
        while (4 * b * b <= Width && 2 * b <= _power)
            b *= 2;
        var (a, root) = (Width / b, MathF.Sqrt(b));
        var transposed = Transposed();
        var left = new float[a * a];
        for (var i = 0; i < left.Length; i++)
            left[i] = transposed[i / a * b * Width + i % a * b] * root;
        return (left, Hadamard.Matrix(b));
    }

    /// <summary>Q^T, float32 [H, H].</summary>
    public float[] Transposed()
    {
        var matrix = new float[Width * Width];
        for (var i = 0; i < Width; i++)
            matrix[i * Width + i] = 1;
        Apply(matrix, Width);
        return matrix;
    }
}
