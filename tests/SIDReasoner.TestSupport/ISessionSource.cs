using SIDReasoner.Decoding;

namespace SIDReasoner.TestSupport;

/// <summary>A loaded model that makes sessions; every engine under test brings one.</summary>
public interface ISessionSource : IDisposable
{
    /// <summary>Makes a session with an empty cache of at least 128 tokens and 256 rows a level.</summary>
    /// <returns>The session; the caller disposes it.</returns>
    IDecoderSession CreateSession();
}
