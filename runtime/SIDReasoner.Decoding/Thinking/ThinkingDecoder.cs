using System.Runtime.CompilerServices;
using SIDReasoner.Core;
using SIDReasoner.Core.Text;
using SIDReasoner.Decoding.Generation;

namespace SIDReasoner.Decoding.Thinking;

/// <summary>
/// Lets a model think behind its prompt, until it closes the thought or the budget is used up, and leaves the cache where the SID
/// search starts: the thought's last token, its closing and the outputs of the search are one forward, and nothing is run twice.
/// </summary>
/// <remarks>
/// n thought tokens cost n forwards; a budget of 0 costs the closing's one. What the thought is closed by: the model's own closing
/// token, then whatever stands behind it in <see cref="ThinkingOptions.ForcedClosing"/>; or the whole of that by force.
/// Allocates nothing from the second thought of the same budget on; streamed text is strings. One instance serves one thought at a
/// time, on any one thread at a time. Source: SIDReasoner (arXiv 2603.23183), thinking inference; budget forcing by token.
/// </remarks>
public sealed class ThinkingDecoder
{
    private readonly TokenGenerator _generator = new();
    private int[] _tokens = [];
    private int[] _closing = [];
    private int _count;
    private bool _isOver;

    /// <summary>The tokens that the model generated, its closing token included; a closing by force and an end of turn are not among them.</summary>
    public ReadOnlySpan<int> TokenIds => _tokens.AsSpan(0, _count);

    /// <summary>Whether the model closed the thought itself, within the budget.</summary>
    public bool IsClosed { get; private set; }

    /// <summary>Whether the model ended its turn inside the thought.</summary>
    public bool HasEndedTurn { get; private set; }

    /// <summary>What a session must compute at the prompt's last token.</summary>
    /// <param name="options">How the model thinks.</param>
    /// <returns>The outputs to ask for.</returns>
    public static StepOutputs OutputsFor(ThinkingOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return options.Budget > 0 ? StepOutputs.Logits : StepOutputs.None;
    }

    /// <summary>The most tokens that a thought with its closing puts into the cache.</summary>
    /// <param name="options">How the model thinks.</param>
    /// <returns>Budget and closing together.</returns>
    public static int TokensNeeded(ThinkingOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return checked(options.Budget + options.ForcedClosing.Count);
    }

    /// <summary>Thinks, closes the thought, and computes what the search reads.</summary>
    /// <param name="session">Holds the prompt, with <see cref="OutputsFor"/> computed. Afterwards it holds prompt, thought and closing.</param>
    /// <param name="options">Budget, closing and sampling.</param>
    /// <param name="outputs">What to compute at the closing's last token: <see cref="SidBeamSearch.OutputsFor"/>.</param>
    /// <param name="onToken">Called with each of <see cref="TokenIds"/> as it comes, on this thread; null, the default, for nothing.</param>
    /// <param name="cancellation">Checked before each forward; the tokens so far stay readable, the session holds part of the thought.</param>
    /// <exception cref="SidReasonerException">An option is out of range, the cache is too small, or the model gave no numbers.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public void Think(IDecoderSession session, ThinkingOptions options, StepOutputs outputs, Action<int>? onToken = null, CancellationToken cancellation = default)
    {
        Start(session, options);
        while (MoveNext(session, options, cancellation))
        {
            onToken?.Invoke(_tokens[_count - 1]);
        }

        Close(session, options, outputs, cancellation);
    }

    /// <summary>The same, with the thought's text as it comes; each step runs on the thread pool. The session is ready for the search when the stream ends.</summary>
    /// <param name="session">As for <see cref="Think"/>.</param>
    /// <param name="options">Budget, closing and sampling.</param>
    /// <param name="outputs">What to compute at the closing's last token.</param>
    /// <param name="tokenizer">Spells the tokens.</param>
    /// <param name="cancellation">Ends the stream before its next forward.</param>
    /// <returns>Pieces of text, none empty, never half a character; together the text of <see cref="TokenIds"/>.</returns>
    /// <exception cref="SidReasonerException">As for <see cref="Think"/>.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public async IAsyncEnumerable<string> StreamAsync(
        IDecoderSession session, ThinkingOptions options, StepOutputs outputs, ByteLevelBpeTokenizer tokenizer, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        var text = new IncrementalDetokenizer(tokenizer);
        int shown = 0;
        Start(session, options);
        while (await Task.Run(() => MoveNext(session, options, cancellation), cancellation).ConfigureAwait(false))
        {
            if (shown < _count && text.Push(_tokens[shown++]) is { Length: > 0 } piece)
            {
                yield return piece;
            }
        }

        if (text.Finish() is { Length: > 0 } last)
        {
            yield return last;
        }

        await Task.Run(() => Close(session, options, outputs, cancellation), cancellation).ConfigureAwait(false);
    }

    private void Start(IDecoderSession session, ThinkingOptions options)
    {
        ArgumentNullException.ThrowIfNull(session);
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        if (session.Length + TokensNeeded(options) > session.Capacity)
        {
            throw new SidReasonerException(
                $"A prompt of {session.Length} tokens, a thinking budget of {options.Budget} and a closing of {options.ForcedClosing.Count} need {session.Length + TokensNeeded(options)} places; the cache has {session.Capacity}. Use a smaller budget.");
        }

        if (_tokens.Length < options.Budget)
        {
            _tokens = new int[options.Budget];
        }

        if (_closing.Length < options.ForcedClosing.Count + 1)
        {
            _closing = new int[options.ForcedClosing.Count + 1];
        }

        _generator.Start();
        _count = 0;
        _isOver = options.Budget == 0;
        IsClosed = false;
        HasEndedTurn = false;
    }

    /// <summary>Thinks one token further; false once the thought is over.</summary>
    private bool MoveNext(IDecoderSession session, ThinkingOptions options, CancellationToken cancellation)
    {
        if (_isOver)
        {
            return false;
        }

        int token = _generator.Next(session, options.Sampling, cancellation);
        HasEndedTurn = token != options.CloseToken && TextGenerator.Contains(options.EndTokens, token);
        if (HasEndedTurn)
        {
            _generator.DropPending();
            _isOver = true;
            return false;
        }

        _tokens[_count++] = token;
        IsClosed = token == options.CloseToken;
        _isOver = IsClosed || _count == options.Budget;
        return true;
    }

    private void Close(IDecoderSession session, ThinkingOptions options, StepOutputs outputs, CancellationToken cancellation)
    {
        int count = 0;
        foreach (int token in _generator.Pending)
        {
            _closing[count++] = token;
        }

        for (int i = IsClosed ? options.CloseAt() + 1 : 0; i < options.ForcedClosing.Count; i++)
        {
            _closing[count++] = options.ForcedClosing[i];
        }

        cancellation.ThrowIfCancellationRequested();
        session.AppendTokens(_closing.AsSpan(0, count), outputs);
    }
}
