namespace SIDReasoner.Core.Tries;

/// <summary>item_ids of a trie: the item at each place of SID order, as many bits each as the largest index has.</summary>
/// <param name="words">The section's 64-bit words; null means catalogue order.</param>
/// <param name="items">Items (N).</param>
internal readonly unsafe struct PackedItemIds(ulong* words, long items)
{
    private readonly ulong* _words = words;
    private readonly int _bits = TrieFormat.ItemBits(items);

    /// <summary>The item at a place, 0 to N - 1.</summary>
    public int this[long place]
    {
        get
        {
            if (_words == null)
                return (int)place;
            var bit = place * _bits;
            var (word, shift) = (bit >> 6, (int)(bit & 63));
            var value = _words[word] >> shift;
            if (shift + _bits > 64)
                value |= _words[word + 1] << (64 - shift);
            return (int)(value & ((1UL << _bits) - 1));
        }
    }

    /// <summary>The words of a list of item indexes.</summary>
    public static ulong[] Pack(ReadOnlySpan<uint> ids)
    {
        var bits = TrieFormat.ItemBits(ids.Length);
        var packed = new ulong[TrieFormat.ItemWords(ids.Length)];
        for (var place = 0; place < ids.Length; place++)
        {
            var bit = (long)place * bits;
            var (word, shift) = (bit >> 6, (int)(bit & 63));
            packed[word] |= (ulong)ids[place] << shift;
            if (shift + bits > 64)
                packed[word + 1] |= (ulong)ids[place] >> (64 - shift);
        }

        return packed;
    }
}
