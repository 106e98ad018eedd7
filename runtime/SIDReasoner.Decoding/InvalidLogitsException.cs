using SIDReasoner.Core;

namespace SIDReasoner.Decoding;

/// <summary>A model answered with logits that are not numbers, so no ranking can be made of them.</summary>
public sealed class InvalidLogitsException : SidReasonerException
{
    /// <summary>Makes the error for one row.</summary>
    /// <param name="row">The row of the logits.</param>
    /// <param name="column">The SID column, or -1 for the row's log-sum-exp.</param>
    /// <param name="depth">Depth in the trie at which the row was read.</param>
    /// <param name="value">What was found.</param>
    public InvalidLogitsException(int row, int column, int depth, float value)
        : base($"The model gave {value} as {(column < 0 ? "log-sum-exp" : $"logit of SID column {column}")} in row {row} at level {depth + 1}; expected a finite number. Check the checkpoint's weights.")
    {
        Row = row;
        Column = column;
        Depth = depth;
    }

    /// <summary>Makes the error for the row that the next text token is chosen from.</summary>
    /// <param name="tokenId">The token whose logit is no number; where every logit is minus infinity, any.</param>
    /// <param name="value">What was found.</param>
    public InvalidLogitsException(int tokenId, float value)
        : base($"The model gave {value} as logit of token {tokenId} of the text; expected a finite number. Check the checkpoint's weights.")
    {
        Column = tokenId;
    }

    private InvalidLogitsException(InvalidLogitsException error, string place)
        : base($"{error.Message} {place}")
    {
        Row = error.Row;
        Column = error.Column;
        Depth = error.Depth;
        Place = place;
    }

    /// <summary>Where the forward first left the numbers, as a sentence; empty where the engine cannot tell.</summary>
    public string Place { get; } = "";

    /// <summary>The row of the logits.</summary>
    public int Row { get; }

    /// <summary>The SID column, or -1 for the row's log-sum-exp; for text the token.</summary>
    public int Column { get; }

    /// <summary>Depth in the trie at which the row was read.</summary>
    public int Depth { get; }

    /// <summary>The same error, with the layer whose input is at fault: the first whose keys or values are no finite numbers.</summary>
    /// <param name="session">Still holds the rows that were run.</param>
    internal InvalidLogitsException In(IDecoderSession session)
    {
        if (session.FindNonFinite() is not { } found)
        {
            return this;
        }

        return new InvalidLogitsException(this, found.Layer switch
        {
            NonFiniteRow.NoLayer => "Every layer's keys and values are finite: the input of the head is at fault (what follows the last layer's attention, and the last norm), or the head.",
            0 => $"The input of layer 0 is at fault, row {found.Row} of the cache: the embedding of its token, the layer's input norm, or its k and v projections.",
            int layer => $"The input of layer {layer} is at fault, row {found.Row} of the cache: what layer {layer - 1} gives, layer {layer}'s input norm, or its k and v projections.",
        });
    }
}
