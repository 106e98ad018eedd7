using SIDReasoner.Decoding.Sampling;

namespace SIDReasoner.Decoding.Generation;

/// <summary>
/// One token after another from a session. The token given last is not in the cache yet: it is appended with what follows, so that a
/// thought's last token and its closing are one forward.
/// </summary>
/// <remarks>Allocates nothing once it has seen the vocabulary's size. Serves one thread at a time.</remarks>
internal sealed class TokenGenerator
{
    private readonly TokenSampler _sampler = new();
    private readonly int[] _pending = new int[1];
    private bool _hasPending;
    private int _generated;

    /// <summary>The token given last where it is not in the cache yet, else empty.</summary>
    public ReadOnlySpan<int> Pending => _hasPending ? _pending : [];

    /// <summary>Starts behind the text in a session, whose last token's logits are computed.</summary>
    public void Start()
    {
        _hasPending = false;
        _generated = 0;
    }

    /// <summary>Chooses the next token; one forward, but for the first, which reads the prompt's logits.</summary>
    public int Next(IDecoderSession session, SamplingOptions sampling, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        if (_hasPending)
        {
            session.AppendTokens(_pending, StepOutputs.Logits);
        }

        int token;
        try
        {
            token = _sampler.Next(session.Logits, sampling, _generated);
        }
        catch (InvalidLogitsException error)
        {
            throw error.In(session);
        }

        _pending[0] = token;
        _hasPending = true;
        _generated++;
        return token;
    }

    /// <summary>Forgets the token given last: it never reaches the cache.</summary>
    public void DropPending() => _hasPending = false;
}
