namespace SIDReasoner.Export.Decoder;

/// <summary>The cache's names in the graph, which ONNX Runtime GenAI reads from its config too.</summary>
internal static class KvNames
{
    /// <summary>Inputs of a layer.</summary>
    public static (string Key, string Value) Past(int layer) => ($"past_key_values.{layer}.key", $"past_key_values.{layer}.value");

    /// <summary>Outputs of a layer.</summary>
    public static (string Key, string Value) Present(int layer) => ($"present.{layer}.key", $"present.{layer}.value");
}
