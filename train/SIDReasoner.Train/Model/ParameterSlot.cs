namespace SIDReasoner.Train.Model;

/// <summary>Where one parameter lies in a <see cref="ParameterSet"/>.</summary>
/// <param name="Name">Hugging Face's name.</param>
/// <param name="Shape">Its shape; weights are [outputs, inputs].</param>
/// <param name="Offset">First value in the flat tensor.</param>
/// <param name="Count">How many values.</param>
public sealed record ParameterSlot(string Name, long[] Shape, long Offset, long Count)
{
    /// <summary>A weight of two dimensions, embeddings included; norms and biases are not.</summary>
    public bool IsMatrix => Shape.Length > 1;
}
