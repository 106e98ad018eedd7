namespace SIDReasoner.Runtime.Model;

/// <summary>ONNX Runtime refused a call. The session it was made on stays usable: nothing was appended.</summary>
public sealed class OnnxRuntimeCallException : InvalidOperationException
{
    /// <summary>Wraps ONNX Runtime's own sentence.</summary>
    /// <param name="message">As its C API gave it.</param>
    public OnnxRuntimeCallException(string message)
        : base(message)
    {
    }
}
