using System.Runtime.InteropServices;
using System.Text;

namespace SIDReasoner.Core.Text;

/// <summary>Token ids to text, one at a time: a character whose bytes are spread over several tokens comes out when its last byte is there.</summary>
/// <remarks>All pieces together, the last of <see cref="Finish"/> included, are the text of <see cref="ByteLevelBpeTokenizer.Decode"/>. Serves one text and one thread at a time.</remarks>
public sealed class IncrementalDetokenizer
{
    private readonly ByteLevelBpeTokenizer _tokenizer;
    private readonly bool _skipsSpecialTokens;
    private readonly Decoder _decoder = Encoding.UTF8.GetDecoder();
    private readonly List<byte> _bytes = [];
    private char[] _characters = new char[64];

    /// <summary>Makes a detokenizer at the start of a text.</summary>
    /// <param name="tokenizer">The tokenizer.</param>
    /// <param name="skipsSpecialTokens">Leaves special tokens out.</param>
    public IncrementalDetokenizer(ByteLevelBpeTokenizer tokenizer, bool skipsSpecialTokens = false)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        _tokenizer = tokenizer;
        _skipsSpecialTokens = skipsSpecialTokens;
    }

    /// <summary>Takes the next token.</summary>
    /// <param name="id">A token id of the vocabulary.</param>
    /// <returns>The characters that are now complete; often none in scripts whose characters take several tokens.</returns>
    /// <exception cref="ArgumentException">The id is outside the vocabulary.</exception>
    public string Push(int id)
    {
        _bytes.Clear();
        _tokenizer.AppendBytes(id, _bytes, _skipsSpecialTokens);
        return Convert(CollectionsMarshal.AsSpan(_bytes), isLast: false);
    }

    /// <summary>Ends the text; the next token starts another.</summary>
    /// <returns>U+FFFD where the last token ended inside a character, else nothing.</returns>
    public string Finish() => Convert([], isLast: true);

    private string Convert(ReadOnlySpan<byte> bytes, bool isLast)
    {
        int most = Encoding.UTF8.GetMaxCharCount(bytes.Length + 4);
        if (_characters.Length < most)
            _characters = new char[most];
        int written = _decoder.GetChars(bytes, _characters, isLast);
        return written == 0 ? "" : new string(_characters, 0, written);
    }
}
