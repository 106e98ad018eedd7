using SIDReasoner.Core;
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

    /// <summary>Makes a session with a cache of its own whose every run applies an adapter of the bundle.</summary>
    /// <param name="adapter">The adapter's name; null for the model as it is.</param>
    /// <returns>An empty session; the caller disposes it.</returns>
    /// <exception cref="SidReasonerException">The bundle has no such adapter, or the engine runs none.</exception>
    IDecoderSession CreateSession(string? adapter) => adapter is null
        ? CreateSession()
        : throw new SidReasonerException($"Engine '{Name}' runs no adapters; leave '{adapter}' out or use another engine.");
}
