namespace SIDReasoner.Export.Precision;

/// <summary>Factors that move between a channel's writer and its readers and leave the function as it is: W'[o, i] = W[o, i] * Inputs[i] / Outputs[o].</summary>
/// <param name="Inputs">A weight's name -> a factor a column.</param>
/// <param name="Outputs">A weight's, bias's or norm's name -> a divisor a row or element.</param>
internal sealed record ChannelScales(IReadOnlyDictionary<string, float[]> Inputs, IReadOnlyDictionary<string, float[]> Outputs)
{
    /// <summary>Weights as they are.</summary>
    public static ChannelScales None { get; } = new(new Dictionary<string, float[]>(), new Dictionary<string, float[]>());
}
