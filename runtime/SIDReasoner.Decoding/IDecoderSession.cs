namespace SIDReasoner.Decoding;

/// <summary>
/// One sequence in a decoder's KV cache: text tokens, then packed beams. What a model must offer so that thinking and the SID
/// search run on it, whatever engine computes.
/// </summary>
/// <remarks>
/// The cache holds text tokens first, then the rows of each <see cref="AppendBeams"/> call (design: packed beams; each row sees the
/// text, its own ancestors and itself, and all rows of a call share one position). Nothing is copied or reordered when beams are
/// chosen; <see cref="Rewind"/> sets the length back.
/// One session serves one thread at a time; sessions of one model may run on many threads at once.
/// </remarks>
public interface IDecoderSession : IDisposable
{
    /// <summary>Text tokens in the cache, beam rows not counted.</summary>
    int Length { get; }

    /// <summary>Text tokens that were not run but taken from what an engine keeps of earlier texts, since the session was last empty; 0 where an engine keeps nothing.</summary>
    int ReusedTokens => 0;

    /// <summary>The most text tokens and beam rows that the cache holds together.</summary>
    int Capacity { get; }

    /// <summary>Rows of the model's vocabulary (V).</summary>
    int VocabSize { get; }

    /// <summary>SID columns of <see cref="SidLogits"/> (S), in ascending order of token id; 0 where the model has none.</summary>
    int SidColumnCount { get; }

    /// <summary>Runs text tokens after the text so far and computes the outputs asked for at the last of them (one row).</summary>
    /// <param name="tokens">Token ids, at least one, each from 0 to V-1.</param>
    /// <param name="outputs">What to compute; nothing is paid for what is not asked for.</param>
    /// <exception cref="ArgumentException">No token, or a token outside the vocabulary; nothing is appended.</exception>
    /// <exception cref="InvalidOperationException">Beam rows lie in the cache (call <see cref="Rewind"/> first), or the cache is full; nothing is appended.</exception>
    void AppendTokens(ReadOnlySpan<int> tokens, StepOutputs outputs);

    /// <summary>Runs one row a beam, all at position <see cref="Length"/> plus the calls since the last rewind, and computes the outputs of every row.</summary>
    /// <param name="tokens">The token each beam appends, int32 [rows], at least one row.</param>
    /// <param name="parents">
    /// For each beam the row of the previous call that it continues, int32 [rows]; -1 throughout on the first call after text or a
    /// rewind. A parent may have any number of children, or none.
    /// </param>
    /// <param name="outputs"><see cref="StepOutputs.SidLogits"/>, <see cref="StepOutputs.LogSumExp"/> and <see cref="StepOutputs.EndLogits"/>, one row a beam.</param>
    /// <exception cref="ArgumentException">Lengths differ, or a token or parent is out of range; nothing is appended.</exception>
    /// <exception cref="InvalidOperationException">The rows do not fit into the cache; nothing is appended.</exception>
    void AppendBeams(ReadOnlySpan<int> tokens, ReadOnlySpan<int> parents, StepOutputs outputs);

    /// <summary>Drops every beam row and the text beyond <paramref name="length"/> tokens. Costs nothing: the cache's length is set back.</summary>
    /// <param name="length">Text tokens to keep, from 0 to <see cref="Length"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="length"/> is out of range; nothing changes.</exception>
    void Rewind(int length);

    /// <summary>Logits of the last text token over the whole vocabulary, [1, V]; valid until the next call.</summary>
    LogitsView Logits { get; }

    /// <summary>Logits of the SID columns, [rows, S]; valid until the next call.</summary>
    LogitsView SidLogits { get; }

    /// <summary>Natural log of the sum of exponentials over the whole vocabulary, float32 [rows, 1]; valid until the next call.</summary>
    LogitsView LogSumExp { get; }

    /// <summary>Where the cache first holds a value that is no finite number, for the error about logits that are none: reads the whole cache.</summary>
    /// <returns>The place, or null where the engine cannot tell.</returns>
    NonFiniteRow? FindNonFinite() => null;

    /// <summary>Logits of newline and of end of turn, float32 [rows, 2]; valid until the next call. Empty where the model does not know the two ids.</summary>
    LogitsView EndLogits => LogitsView.Empty;
}
