namespace SIDReasoner.Export.Adapters;

/// <summary>What an adapter adds to one linear layer: x A^T B^T, the adapter's scale folded into B.</summary>
/// <param name="Name">The layer, as the checkpoint names its weight without ".weight".</param>
/// <param name="Rank">Rows of A and columns of B (r).</param>
/// <param name="Inputs">Columns of A.</param>
/// <param name="Outputs">Rows of B.</param>
/// <param name="A">float32 [r, inputs].</param>
/// <param name="B">float32 [outputs, r].</param>
internal sealed record LoraLayer(string Name, int Rank, int Inputs, int Outputs, float[] A, float[] B)
{
    /// <summary>The graph's input for A of a layer.</summary>
    public static string InputA(string layer) => layer + ".lora_A.weight";

    /// <summary>The graph's input for B of a layer.</summary>
    public static string InputB(string layer) => layer + ".lora_B.weight";
}
