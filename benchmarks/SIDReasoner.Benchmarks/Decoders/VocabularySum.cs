using System.Numerics.Tensors;

namespace SIDReasoner.Benchmarks.Decoders;

/// <summary>The normaliser of a row over the whole vocabulary, for rivals whose engine gives logits alone.</summary>
internal static class VocabularySum
{
    private const int Block = 1024;

    /// <summary>Natural log of the sum of exponentials, with vector instructions.</summary>
    public static float LogSumExp(ReadOnlySpan<float> logits)
    {
        float most = TensorPrimitives.Max(logits);
        Span<float> scratch = stackalloc float[Block];
        double sum = 0;
        for (int first = 0; first < logits.Length; first += Block)
        {
            ReadOnlySpan<float> part = logits.Slice(first, Math.Min(Block, logits.Length - first));
            Span<float> own = scratch[..part.Length];
            TensorPrimitives.Subtract(part, most, own);
            TensorPrimitives.Exp<float>(own, own);
            sum += TensorPrimitives.Sum<float>(own);
        }

        return most + (float)Math.Log(sum);
    }
}
