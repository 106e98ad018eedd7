using System.Globalization;
using System.Text;

namespace SIDReasoner.Core.Text;

/// <summary>A text in which every character above U+FFFF is one UTF-16 unit of the same Unicode category, for regular expressions that think in units.</summary>
/// <remarks>.NET's \p{L} looks at UTF-16 units, so it misses letters above U+FFFF; the patterns of tokenizers mean code points.</remarks>
internal readonly struct ShadowText
{
    // Of the category at its place, and in no pattern by itself.
    private static readonly Dictionary<UnicodeCategory, char> StandIns = new()
    {
        [UnicodeCategory.UppercaseLetter] = '\u0100',
        [UnicodeCategory.LowercaseLetter] = '\u0101',
        [UnicodeCategory.TitlecaseLetter] = '\u01C5',
        [UnicodeCategory.ModifierLetter] = '\u02B0',
        [UnicodeCategory.OtherLetter] = '\u01BB',
        [UnicodeCategory.NonSpacingMark] = '\u0300',
        [UnicodeCategory.SpacingCombiningMark] = '\u0903',
        [UnicodeCategory.EnclosingMark] = '\u0488',
        [UnicodeCategory.DecimalDigitNumber] = '\u0660',
        [UnicodeCategory.LetterNumber] = '\u2160',
        [UnicodeCategory.OtherNumber] = '\u00B2',
        [UnicodeCategory.Format] = '\u2060',
        [UnicodeCategory.PrivateUse] = '\uE000',
        [UnicodeCategory.ConnectorPunctuation] = '\u203F',
        [UnicodeCategory.DashPunctuation] = '\u2013',
        [UnicodeCategory.OpenPunctuation] = '\u201A',
        [UnicodeCategory.ClosePunctuation] = '\u0F3B',
        [UnicodeCategory.OtherPunctuation] = '\u00B7',
        [UnicodeCategory.MathSymbol] = '\u00B1',
        [UnicodeCategory.CurrencySymbol] = '\u00A2',
        [UnicodeCategory.ModifierSymbol] = '\u00A8',
        [UnicodeCategory.OtherSymbol] = '\u00A9',
        [UnicodeCategory.OtherNotAssigned] = '\u0378',
    };

    private readonly string _original;
    private readonly int[]? _offsets;

    public ShadowText(string original)
    {
        _original = original;
        Text = original;
        _offsets = null;
        if (!original.AsSpan().ContainsAnyInRange('\uD800', '\uDFFF'))
            return;
        var shadow = new StringBuilder(original.Length);
        var offsets = new List<int>(original.Length + 1);
        for (var at = 0; at < original.Length;)
        {
            offsets.Add(at);
            var status = Rune.DecodeFromUtf16(original.AsSpan(at), out var rune, out var units);
            shadow.Append(status != System.Buffers.OperationStatus.Done ? '\uFFFD' : rune.IsBmp ? (char)rune.Value : StandIn(rune));
            at += units;
        }

        offsets.Add(original.Length);
        Text = shadow.ToString();
        _offsets = [.. offsets];
    }

    /// <summary>What to match against.</summary>
    public string Text { get; }

    /// <summary>The part of the original that a range of <see cref="Text"/> stands for.</summary>
    public string Slice(int start, int end) => _offsets is null ? _original[start..end] : _original[_offsets[start].._offsets[end]];

    /// <summary>The unit that stands for a character above U+FFFF.</summary>
    internal static char StandIn(Rune rune) => StandIns.GetValueOrDefault(Rune.GetUnicodeCategory(rune), '\u0378');

    /// <summary>All stand-ins, for the test that each has its category.</summary>
    internal static IReadOnlyDictionary<UnicodeCategory, char> AllStandIns => StandIns;
}
