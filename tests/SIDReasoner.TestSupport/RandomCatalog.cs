namespace SIDReasoner.TestSupport;

/// <summary>A random catalogue of SIDs as token ids: for properties of tries, kernels and searches.</summary>
public sealed record RandomCatalog
{
    /// <summary>For each item its SID's token ids. Several items may share one; none is a prefix of another.</summary>
    public required IReadOnlyList<int[]> Items { get; init; }

    /// <summary>Token ids of the SID columns, ascending.</summary>
    public required int[] Columns { get; init; }

    /// <summary>Rows of a vocabulary that holds them.</summary>
    public required int VocabSize { get; init; }

    /// <summary>The different SIDs, in order of token ids.</summary>
    public IReadOnlyList<int[]> Sids => [.. Items.GroupBy(sid => string.Join(' ', sid)).Select(group => group.First())];

    /// <summary>Draws a catalogue.</summary>
    /// <param name="seed">The seed; the same seed gives the same catalogue.</param>
    /// <param name="maxItems">Most items.</param>
    /// <param name="ragged">Whether depths may differ.</param>
    /// <returns>1 to <paramref name="maxItems"/> items of 2 to 5 levels, with scattered or contiguous token ids.</returns>
    public static RandomCatalog Draw(int seed, int maxItems, bool ragged = true)
    {
        var random = new Random(seed);
        int levels = random.Next(2, 6);
        int codes = random.Next(1, 3) == 1 ? random.Next(1, 6) : random.Next(2, 40);
        bool sharesTokens = random.Next(4) == 0;
        bool scattered = random.Next(2) == 0;
        int first = random.Next(0, 20);

        int columnCount = sharesTokens ? codes : codes * levels;
        int[] columns = new int[columnCount];
        int id = first;
        for (int column = 0; column < columnCount; column++)
        {
            columns[column] = id;
            id += scattered ? random.Next(1, 4) : 1;
        }

        int wanted = random.Next(3) == 0 ? random.Next(1, 8) : random.Next(1, maxItems + 1);
        var items = new List<int[]>();
        var prefixes = new HashSet<string>();
        var sids = new HashSet<string>();
        for (int attempt = 0; attempt < wanted * 4 && items.Count < wanted; attempt++)
        {
            int depth = ragged && random.Next(4) == 0 ? random.Next(1, levels + 1) : levels;
            int[] sid = new int[depth];
            for (int level = 0; level < depth; level++)
            {
                int code = random.Next(2) == 0 ? random.Next(codes) : random.Next(Math.Max(1, codes / 3));
                sid[level] = columns[sharesTokens ? code : (level * codes) + code];
            }

            string text = string.Join(' ', sid);
            bool extendsAnother = Enumerable.Range(1, depth - 1).Any(length => sids.Contains(string.Join(' ', sid[..length])));
            if (prefixes.Contains(text) || extendsAnother)
            {
                continue;
            }

            sids.Add(text);
            for (int length = 1; length < depth; length++)
            {
                prefixes.Add(string.Join(' ', sid[..length]));
            }

            items.Add(sid);
        }

        return new RandomCatalog { Items = items, Columns = columns, VocabSize = id + random.Next(0, 10) };
    }
}
