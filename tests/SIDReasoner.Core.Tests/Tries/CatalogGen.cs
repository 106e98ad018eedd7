using CsCheck;

namespace SIDReasoner.Core.Tests.Tries;

/// <summary>Random catalogues as token ids: 1 to 5,000 items, 1 to 8 levels, ragged or not, with shared SIDs and gaps between ids.</summary>
internal sealed record CatalogGen(int[][] Sids, int[] Columns)
{
    public static Gen<CatalogGen> Any(int maxItems) =>
        from seed in Gen.Int[0, int.MaxValue - 1]
        from items in Gen.OneOf(Gen.Int[1, 20], Gen.Int[1, Math.Min(300, maxItems)], Gen.Int[1, maxItems])
        from levels in Gen.Int[1, 8]
        from codes in Gen.OneOf(Gen.Int[1, 4], Gen.Int[1, 40], Gen.Int[200, 600])
        from ragged in Gen.Bool
        select Make(seed, items, levels, codes, ragged);

    public static CatalogGen Make(int seed, int items, int levels, int codes, bool ragged)
    {
        var random = new Random(seed);
        var columns = new int[levels * codes];
        var next = random.Next(100);
        for (var i = 0; i < columns.Length; i++)
            columns[i] = next += 1 + random.Next(seed % 2 == 0 ? 1 : 3);
        var sids = new List<int[]>();
        var all = new HashSet<string>();
        var prefixes = new HashSet<string>();
        while (sids.Count < items)
        {
            if (sids.Count > 0 && random.Next(10) == 0)
            {
                sids.Add(sids[random.Next(sids.Count)]); // two items, one SID
                continue;
            }

            var depth = ragged ? 1 + random.Next(levels) : levels;
            var sid = Enumerable.Range(0, depth).Select(level => columns[level * codes + random.Next(codes)]).ToArray();
            var texts = Enumerable.Range(1, depth).Select(length => string.Join(' ', sid.Take(length))).ToList();
            if (prefixes.Contains(texts[^1]) || texts.SkipLast(1).Any(all.Contains))
            {
                sids.Add(sids.Count > 0 ? sids[random.Next(sids.Count)] : sid);
                if (sids.Count > 1)
                    continue;
            }
            else
            {
                sids.Add(sid);
            }

            all.Add(texts[^1]);
            prefixes.UnionWith(texts.SkipLast(1));
        }

        return new CatalogGen([.. sids], columns);
    }
}
