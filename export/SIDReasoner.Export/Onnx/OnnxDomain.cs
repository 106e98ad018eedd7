namespace SIDReasoner.Export.Onnx;

/// <summary>The two operator sets in use.</summary>
internal static class OnnxDomain
{
    /// <summary>The standard set, version 21. ONNX Runtime registers SimplifiedLayerNormalization here too.</summary>
    public const string Standard = "";

    /// <summary>ONNX Runtime's own set, version 1.</summary>
    public const string Microsoft = "com.microsoft";
}
