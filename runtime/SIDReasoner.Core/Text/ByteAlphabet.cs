using System.Collections.Frozen;

namespace SIDReasoner.Core.Text;

/// <summary>GPT-2's printable stand-ins for the 256 bytes, in which a byte-level vocabulary spells its tokens.</summary>
internal static class ByteAlphabet
{
    private static readonly char[] Chars = MakeChars();
    private static readonly FrozenDictionary<char, byte> Bytes = Chars.Select((character, value) => (character, value)).ToFrozenDictionary(pair => pair.character, pair => (byte)pair.value);

    /// <summary>The stand-in of a byte.</summary>
    public static char CharOf(byte value) => Chars[value];

    /// <summary>Appends the bytes that a token spells. False where it has another character.</summary>
    public static bool TryAppendBytes(string token, List<byte> bytes)
    {
        var start = bytes.Count;
        foreach (var character in token)
        {
            if (!Bytes.TryGetValue(character, out var value))
            {
                bytes.RemoveRange(start, bytes.Count - start);
                return false;
            }

            bytes.Add(value);
        }

        return true;
    }

    /// <summary>Bytes that print stand for themselves; the others, in order, for U+0100 and on.</summary>
    private static char[] MakeChars()
    {
        var chars = new char[256];
        var next = 256;
        for (var value = 0; value < 256; value++)
            chars[value] = value is (>= '!' and <= '~') or (>= 0xA1 and <= 0xAC) or (>= 0xAE and <= 0xFF) ? (char)value : (char)next++;
        return chars;
    }
}
