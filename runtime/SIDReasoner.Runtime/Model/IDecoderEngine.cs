using SIDReasoner.Decoding;

namespace SIDReasoner.Runtime.Model;

/// <summary>A bundle's decoder in memory, whatever library computes: weights once, any number of sessions over them.</summary>
/// <remarks>Any number of threads may make and run sessions at once. Dispose sessions first.</remarks>
public interface IDecoderEngine : IDisposable
{
    /// <summary>The name that options and answers use, such as "onnxruntime".</summary>
    string Name { get; }

    /// <summary>Form of the weights that runs, such as "fp32".</summary>
    string Precision { get; }

    /// <summary>Makes a session with a cache of its own.</summary>
    /// <returns>An empty session; the caller disposes it.</returns>
    IDecoderSession CreateSession();
}
