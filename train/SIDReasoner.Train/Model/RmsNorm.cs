using SIDReasoner.Train.Native;
using static TorchSharp.torch;

namespace SIDReasoner.Train.Model;

/// <summary>Root-mean-square normalization over the last dimension, fused in libtorch.</summary>
/// <param name="Weight">float [D].</param>
/// <param name="Epsilon">Added to the mean of squares.</param>
internal sealed record RmsNorm(Tensor Weight, double Epsilon)
{
    /// <summary>Normalizes [.., D].</summary>
    public Tensor Forward(Tensor input) => TorchDispatcher.RmsNorm(input, Weight, Epsilon);
}
