using SIDReasoner.Core.Text;

namespace SIDReasoner.Runtime.Serving;

/// <summary>Turns tokens into pieces of text for whoever listens; does nothing where nobody does. Disposing tells what is left of a cut character.</summary>
internal sealed class PieceTeller : IDisposable
{
    private readonly IncrementalDetokenizer? _text;
    private readonly Action<string>? _onPiece;

    public PieceTeller(ByteLevelBpeTokenizer? tokenizer, bool skipsSpecialTokens, Action<string>? onPiece)
    {
        _onPiece = onPiece;
        if (tokenizer is not null && onPiece is not null)
        {
            _text = new IncrementalDetokenizer(tokenizer, skipsSpecialTokens);
            OnToken = token => Tell(_text.Push(token));
        }
    }

    /// <summary>For a generator; null where nobody listens.</summary>
    public Action<int>? OnToken { get; }

    public void Dispose()
    {
        if (_text is not null)
        {
            Tell(_text.Finish());
        }
    }

    private void Tell(string piece)
    {
        if (piece.Length > 0)
        {
            _onPiece!(piece);
        }
    }
}
