using SIDReasoner.Core.Bundles;
using SIDReasoner.Decoding;

namespace SIDReasoner.Runtime.Model;

/// <summary>What every engine's session asks of a call before anything changes, with one wording.</summary>
internal static class SessionRules
{
    /// <summary>Checks a call's tokens and outputs.</summary>
    /// <exception cref="ArgumentException">No token, one outside the vocabulary, or logits that the bundle does not have.</exception>
    public static void CheckCall(ReadOnlySpan<int> tokens, StepOutputs outputs, BundleManifest manifest)
    {
        if (tokens.IsEmpty)
            throw new ArgumentException("No token is given; expected at least one.", nameof(tokens));
        foreach (var token in tokens)
        {
            if ((uint)token >= (uint)manifest.VocabSize)
                throw new ArgumentException($"Token id {token} is outside the vocabulary; expected 0 to {manifest.VocabSize - 1}.", nameof(tokens));
        }

        if ((outputs & StepOutputs.SidLogits) != 0 && (manifest.SidTokens?.Texts.Count ?? 0) == 0)
            throw new ArgumentException("SID logits are asked of a bundle for text alone. Export the checkpoint with --catalog.", nameof(outputs));
        if ((outputs & StepOutputs.EndLogits) != 0 && manifest.ReferenceEnd is null)
            throw new ArgumentException("Logits of newline and end of turn are asked of a bundle that does not know their ids (bundle.json: reference_end). Export it again with --reference-end A,B.", nameof(outputs));
    }

    /// <summary>Checks that text may follow and fits.</summary>
    /// <exception cref="InvalidOperationException">Beam rows lie behind the text, or the context is full.</exception>
    public static void CheckText(int length, int count, int suffixRows, int context)
    {
        if (suffixRows > 0)
            throw new InvalidOperationException($"{suffixRows} beam rows lie behind the {length} text tokens; call Rewind before appending text.");
        if (length + count > context)
            throw new InvalidOperationException($"{length} + {count} text tokens do not fit; the context is {context} (bundle.json: context). Shorten the prompt, or export with a larger --context.");
    }

    /// <summary>Checks a packed call's parents, and that its rows fit.</summary>
    /// <param name="rows">Rows of the call.</param>
    /// <param name="parents">For each row the row of the call before.</param>
    /// <param name="depth">Packed calls so far.</param>
    /// <param name="lastRows">Rows of the last of them.</param>
    /// <exception cref="ArgumentException">Lengths differ, or a parent is out of range.</exception>
    public static void CheckParents(int rows, ReadOnlySpan<int> parents, int depth, int lastRows)
    {
        if (parents.Length != rows)
            throw new ArgumentException($"parents has {parents.Length} entries; expected {rows}, one a token.", nameof(parents));
        var (least, most) = depth == 0 ? (-1, -1) : (0, lastRows - 1);
        foreach (var parent in parents)
        {
            if (parent < least || parent > most)
                throw new ArgumentException($"Parent row {parent} is out of range; expected {(depth == 0 ? "-1 on the first call after text" : $"{least} to {most}")}.", nameof(parents));
        }
    }

    /// <summary>Checks that a packed call fits into the cache.</summary>
    /// <exception cref="InvalidOperationException">It does not.</exception>
    public static void CheckBeamRoom(int length, int suffixRows, int rows, int capacity)
    {
        if (length + suffixRows + rows > capacity)
        {
            throw new InvalidOperationException(
                $"{length} text tokens, {suffixRows} beam rows and {rows} more do not fit into {capacity} rows (bundle.json: context + max_beams * (levels + 1)). Use fewer beams, or export with a larger --max-beams.");
        }
    }
}
