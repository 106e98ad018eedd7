using System.Runtime.CompilerServices;
using SIDReasoner.Core.Text;

namespace SIDReasoner.Decoding.Generation;

/// <summary>Generates text behind a prompt: token by token, until a stop token, the most tokens, or a full cache.</summary>
/// <remarks>
/// Allocates nothing from the second text of the same length on; streamed text is strings. One instance serves one text at a time, on
/// any one thread at a time.
/// </remarks>
public sealed class TextGenerator
{
    private readonly TokenGenerator _generator = new();
    private int[] _tokens = [];
    private int _count;

    /// <summary>The tokens generated so far, the stop token included.</summary>
    public ReadOnlySpan<int> TokenIds => _tokens.AsSpan(0, _count);

    /// <summary>The same without a stop token: what the text is made of.</summary>
    public ReadOnlySpan<int> TextIds => _tokens.AsSpan(0, HasEnded ? _count - 1 : _count);

    /// <summary>Whether a stop token ended the text.</summary>
    public bool HasEnded { get; private set; }

    /// <summary>What a session must compute at the prompt's last token.</summary>
    /// <param name="options">How the text is generated.</param>
    /// <returns>The outputs to ask for.</returns>
    public static StepOutputs OutputsFor(GenerationOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return options.MaxTokens > 0 ? StepOutputs.Logits : StepOutputs.None;
    }

    /// <summary>Generates a whole text.</summary>
    /// <param name="session">Holds the prompt, with <see cref="OutputsFor"/> computed. Afterwards it holds the text too, but for the last token.</param>
    /// <param name="options">How.</param>
    /// <param name="onToken">Called with each of <see cref="TextIds"/> as it comes, on this thread; null, the default, for nothing.</param>
    /// <param name="cancellation">Checked before each forward; the tokens so far stay readable.</param>
    /// <exception cref="Core.SidReasonerException">An option is out of range, or the model gave no numbers.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public void Generate(IDecoderSession session, GenerationOptions options, Action<int>? onToken = null, CancellationToken cancellation = default)
    {
        Start(session, options);
        while (MoveNext(session, options, cancellation))
        {
            if (!HasEnded)
            {
                onToken?.Invoke(_tokens[_count - 1]);
            }
        }
    }

    /// <summary>Generates a text piece by piece; each step runs on the thread pool.</summary>
    /// <param name="session">As for <see cref="Generate"/>.</param>
    /// <param name="options">How.</param>
    /// <param name="tokenizer">Spells the tokens; special tokens and the stop token are left out.</param>
    /// <param name="cancellation">Ends the stream before its next forward.</param>
    /// <returns>Pieces of text, none empty, never half a character; together the text.</returns>
    /// <exception cref="Core.SidReasonerException">As for <see cref="Generate"/>.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public async IAsyncEnumerable<string> StreamAsync(
        IDecoderSession session, GenerationOptions options, ByteLevelBpeTokenizer tokenizer, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        var text = new IncrementalDetokenizer(tokenizer, skipsSpecialTokens: true);
        Start(session, options);
        while (await Task.Run(() => MoveNext(session, options, cancellation), cancellation).ConfigureAwait(false) && !HasEnded)
        {
            string piece = text.Push(_tokens[_count - 1]);
            if (piece.Length > 0)
            {
                yield return piece;
            }
        }

        if (text.Finish() is { Length: > 0 } last)
        {
            yield return last;
        }
    }

    private void Start(IDecoderSession session, GenerationOptions options)
    {
        ArgumentNullException.ThrowIfNull(session);
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        _generator.Start();
        _count = 0;
        HasEnded = false;
        if (_tokens.Length < options.MaxTokens)
        {
            _tokens = new int[options.MaxTokens];
        }
    }

    private bool MoveNext(IDecoderSession session, GenerationOptions options, CancellationToken cancellation)
    {
        if (HasEnded || _count >= options.MaxTokens || session.Length + _generator.Pending.Length > session.Capacity)
        {
            return false;
        }

        int token = _generator.Next(session, options.Sampling, cancellation);
        _tokens[_count++] = token;
        HasEnded = Contains(options.StopTokens, token);
        return true;
    }

    /// <summary>IReadOnlyList.Contains without an enumerator.</summary>
    internal static bool Contains(IReadOnlyList<int> tokens, int token)
    {
        for (int i = 0; i < tokens.Count; i++)
        {
            if (tokens[i] == token)
            {
                return true;
            }
        }

        return false;
    }
}
