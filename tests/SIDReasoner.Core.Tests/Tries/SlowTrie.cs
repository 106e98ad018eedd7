namespace SIDReasoner.Core.Tests.Tries;

/// <summary>The obvious trie: a dictionary from prefix to the tokens that may follow, and one from SID to items.</summary>
internal sealed class SlowTrie
{
    public Dictionary<string, SortedSet<int>> Children { get; } = [];

    public Dictionary<string, List<int>> Items { get; } = [];

    public SlowTrie(IReadOnlyList<int[]> sids)
    {
        for (var item = 0; item < sids.Count; item++)
        {
            for (var length = 0; length < sids[item].Length; length++)
            {
                var prefix = Key(sids[item].Take(length));
                if (!Children.TryGetValue(prefix, out var tokens))
                    Children[prefix] = tokens = [];
                tokens.Add(sids[item][length]);
            }

            var sid = Key(sids[item]);
            if (!Items.TryGetValue(sid, out var items))
                Items[sid] = items = [];
            items.Add(item);
        }
    }

    public static string Key(IEnumerable<int> tokens) => string.Join(' ', tokens);
}
