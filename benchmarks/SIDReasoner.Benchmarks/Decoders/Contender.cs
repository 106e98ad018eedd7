using SIDReasoner.Decoding;

namespace SIDReasoner.Benchmarks.Decoders;

/// <summary>A loaded model under a name, with one session.</summary>
/// <param name="Name">As the tables show it.</param>
/// <param name="Session">Its session, with an empty cache.</param>
/// <param name="WeightBytes">Bytes of weights that one token reads: embeddings once, as the head.</param>
/// <param name="Model">What the session runs on.</param>
internal sealed record Contender(string Name, IDecoderSession Session, long WeightBytes, IDisposable? Model = null) : IDisposable
{
    /// <inheritdoc/>
    public void Dispose()
    {
        Session.Dispose();
        Model?.Dispose();
    }
}
