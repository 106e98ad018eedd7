namespace SIDReasoner.Export.Onnx;

/// <summary>A named tensor of the graph: what one node writes and others read.</summary>
/// <param name="Name">Its name in the graph; empty where an optional input is left out.</param>
internal readonly record struct OnnxValue(string Name)
{
    /// <summary>An optional input that is not given.</summary>
    public static OnnxValue None => new("");
}
