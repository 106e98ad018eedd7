using SIDReasoner.Core.Items;
using SIDReasoner.Core.SemanticIds;

namespace SIDReasoner.Runtime.Serving;

/// <summary>Finds the SIDs that a text names.</summary>
internal static class SidMentions
{
    /// <summary>
    /// The SIDs of a text, each once. Codes that follow one another without a gap belong together; the level's letter says where the
    /// next SID begins: "&lt;a_1&gt;&lt;b_2&gt;&lt;a_3&gt;" are two, and the catalogue knows neither if its SIDs are longer.
    /// </summary>
    public static IReadOnlyList<SidMention> Find(string text, ItemCatalog catalog)
    {
        var mentions = new List<SidMention>();
        var seen = new HashSet<SemanticId>();
        var codes = new List<string>();
        int at = 0;
        while (at < text.Length)
        {
            int length = CodeLength(text, at);
            if (length == 0 || (codes.Count > 0 && text[at + 1] <= codes[^1][1]))
            {
                Take();
            }

            if (length > 0)
            {
                codes.Add(text.Substring(at, length));
            }

            at += Math.Max(length, 1);
        }

        Take();
        return mentions;

        void Take()
        {
            if (codes.Count > 0)
            {
                var sid = new SemanticId(codes);
                if (seen.Add(sid))
                {
                    IReadOnlyList<int> items = catalog.ItemsOf(sid);
                    mentions.Add(new SidMention(sid, [.. items.Select(item => catalog.Items[item].Id)], items.Count > 0 ? catalog.Items[items[0]].Title : null));
                }

                codes.Clear();
            }
        }
    }

    /// <summary>The length of a code such as "&lt;a_12&gt;" at a place, or 0.</summary>
    private static int CodeLength(string text, int at)
    {
        if (at + 4 >= text.Length || text[at] != '<' || !char.IsAsciiLetterLower(text[at + 1]) || text[at + 2] != '_')
        {
            return 0;
        }

        int end = at + 3;
        while (end < text.Length && char.IsAsciiDigit(text[end]))
        {
            end++;
        }

        return end > at + 3 && end < text.Length && text[end] == '>' ? end + 1 - at : 0;
    }
}
