namespace SIDReasoner.Core.Text;

/// <summary>Cuts added tokens out of a text: at each place the longest, places from the left.</summary>
internal sealed class AddedTokenMatcher
{
    private readonly List<Node> _nodes = [new()];

    public AddedTokenMatcher(IEnumerable<(string Content, AddedToken Token)> tokens)
    {
        foreach (var (content, token) in tokens)
        {
            var node = 0;
            foreach (var character in content)
            {
                var children = _nodes[node].Children ??= [];
                if (!children.TryGetValue(character, out var next))
                {
                    children[character] = next = _nodes.Count;
                    _nodes.Add(new Node());
                }

                node = next;
            }

            _nodes[node].Token ??= token;
        }
    }

    /// <summary>The text in order: tokens, and what lies between them (never empty).</summary>
    public List<(string? Text, AddedToken? Token)> Split(string text)
    {
        var parts = new List<(string?, AddedToken?)>();
        var start = 0;
        for (var at = 0; at < text.Length;)
        {
            if (Longest(text, at) is not { Token: { } token, Length: var length })
            {
                at++;
                continue;
            }

            var (from, to) = (at, at + length);
            while (token.StripsLeft && from > start && char.IsWhiteSpace(text[from - 1]))
                from--;
            while (token.StripsRight && to < text.Length && char.IsWhiteSpace(text[to]))
                to++;
            if (from > start)
                parts.Add((text[start..from], null));
            parts.Add((null, token));
            start = at = to;
        }

        if (start < text.Length)
            parts.Add((text[start..], null));
        return parts;
    }

    private (AddedToken? Token, int Length) Longest(string text, int at)
    {
        (AddedToken?, int) best = (null, 0);
        var node = _nodes[0];
        for (var end = at; end < text.Length && node.Children is { } children && children.TryGetValue(text[end], out var next); end++)
        {
            node = _nodes[next];
            if (node.Token is { } token && (!token.IsSingleWord || (!IsWord(text, at - 1) && !IsWord(text, end + 1))))
                best = (token, end + 1 - at);
        }

        return best;
    }

    private static bool IsWord(string text, int at) => at >= 0 && at < text.Length && (char.IsLetterOrDigit(text[at]) || text[at] == '_');

    private sealed class Node
    {
        public Dictionary<char, int>? Children { get; set; }

        public AddedToken? Token { get; set; }
    }
}
