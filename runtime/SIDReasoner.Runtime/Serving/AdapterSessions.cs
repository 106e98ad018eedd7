using SIDReasoner.Decoding;
using SIDReasoner.Runtime.Model;

namespace SIDReasoner.Runtime.Serving;

/// <summary>A lane's sessions: one for the model as it is, one more for each adapter that its requests have named.</summary>
internal sealed class AdapterSessions(IDecoderEngine engine) : IDisposable
{
    private readonly IDecoderSession _plain = engine.CreateSession();
    private readonly Dictionary<string, IDecoderSession> _adapted = [];

    /// <summary>The session of an adapter, made when first asked for; null for the model as it is.</summary>
    public IDecoderSession For(string? adapter)
    {
        if (adapter is null)
            return _plain;
        if (!_adapted.TryGetValue(adapter, out var session))
            _adapted.Add(adapter, session = engine.CreateSession(adapter));
        return session;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _plain.Dispose();
        foreach (var session in _adapted.Values)
            session.Dispose();
    }
}
