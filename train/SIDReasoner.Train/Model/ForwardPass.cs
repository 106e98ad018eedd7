using static TorchSharp.torch;

namespace SIDReasoner.Train.Model;

/// <summary>What the layers of one forward pass share.</summary>
/// <param name="Cosines">Of the rows' positions, float, broadcast to [B, heads, T, D/2].</param>
/// <param name="Sines">As <paramref name="Cosines"/>.</param>
internal sealed record ForwardPass(Tensor Cosines, Tensor Sines)
{
    /// <summary>Added to the attention scores, float, broadcast to [B, H, T, S]; null = none.</summary>
    public Tensor? Mask { get; init; }

    /// <summary>Row t sees rows 0 to t; excludes a mask and older rows in the cache.</summary>
    public bool IsCausal { get; init; }

    /// <summary>Where keys and values of earlier rows lie and these rows' go; null = these rows only.</summary>
    public KvCache? Cache { get; init; }

    /// <summary>Probability that an element of the embeddings and of each block's output is zeroed, from 0 below 1; 0 outside training.</summary>
    public double Dropout { get; init; }

    /// <summary>Where given, takes the residual stream before each layer.</summary>
    public List<Tensor>? States { get; init; }
}
