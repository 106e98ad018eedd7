using SIDReasoner.Core;

namespace SIDReasoner.Train.Quantization;

/// <summary>Gives items that share all their codes codes of their own, changing as little as possible.</summary>
/// <remarks>
/// Of the items on one code the nearest keeps it, the earlier item where two are equally near. Each other item, in order, takes the nearest
/// free last code under the same prefix; where the prefix is full, the nearest prefix that differs only in the last level with room, then
/// the level before, and so on. Near-duplicate texts cause most collisions, so only the last level separates them.
/// </remarks>
internal sealed class CollisionResolver
{
    private readonly int[] _codes;
    private readonly double[] _rows;
    private readonly ResidualCodebooks _books;
    private readonly int _levels;
    private readonly int _codesPerLevel;
    private readonly HashSet<UInt128> _taken = [];
    private readonly Dictionary<UInt128, int> _itemsUnder = [];

    private CollisionResolver(int[] codes, ReadOnlySpan<double> rows, ResidualCodebooks books, int codesPerLevel)
    {
        _codes = codes;
        _rows = rows.ToArray();
        _books = books;
        _levels = books.LevelCount;
        _codesPerLevel = codesPerLevel;
    }

    /// <summary>Items that share all codes with another.</summary>
    public static int CountColliding(ReadOnlySpan<int> codes, int levels)
    {
        var counts = new Dictionary<UInt128, int>();
        for (int i = 0; i < codes.Length; i += levels)
        {
            UInt128 key = Key(codes.Slice(i, levels));
            counts[key] = counts.GetValueOrDefault(key) + 1;
        }

        return counts.Values.Where(count => count > 1).Sum();
    }

    /// <summary>Changes <paramref name="codes"/> in place until no two items share all codes.</summary>
    /// <param name="codes">Codes [n, L], row-major.</param>
    /// <param name="rows">The vectors, float64 [n, width], row-major.</param>
    /// <param name="books">The codebooks the codes came from.</param>
    /// <param name="codesPerLevel">Codes a level may use; codes beyond a fitted book have no vector and come last.</param>
    /// <returns>Items whose codes changed.</returns>
    /// <exception cref="SidReasonerException">There are more items than combinations of codes; nothing is changed.</exception>
    public static int Resolve(int[] codes, ReadOnlySpan<double> rows, ResidualCodebooks books, int codesPerLevel)
    {
        int items = codes.Length / books.LevelCount;
        if (items > Math.Pow(codesPerLevel, books.LevelCount))
        {
            throw new SidReasonerException(
                $"Found {items} items; {books.LevelCount} levels of {codesPerLevel} codes tell at most {Math.Pow(codesPerLevel, books.LevelCount):0} apart. Use more codes or levels.");
        }

        return new CollisionResolver(codes, rows, books, codesPerLevel).Run(items);
    }

    private int Run(int items)
    {
        double[] distances = Distances(items);
        var homeless = new List<int>();
        foreach (int item in Enumerable.Range(0, items).OrderBy(i => distances[i]).ThenBy(i => i))
        {
            ReadOnlySpan<int> sid = Sid(item);
            if (_taken.Add(Key(sid)))
            {
                CountUnderPrefixes(sid, 1);
            }
            else
            {
                homeless.Add(item);
            }
        }

        homeless.Sort();
        // First those whose own prefix has room, so that nobody from elsewhere takes their place.
        List<int> crowdedOut = homeless.Where(item => !TryMove(item, _levels - 1)).ToList();
        foreach (int item in crowdedOut)
        {
            int level = _levels - 2;
            while (!TryMove(item, level))
            {
                level--;
            }
        }

        return homeless.Count;
    }

    // Keeps the codes before 'level' and moves the item to the nearest code there with room beneath it, then to the nearest free ones below.
    private bool TryMove(int item, int level)
    {
        Span<int> sid = Sid(item);
        double[] residual = ResidualBefore(item, level);
        foreach (int code in NearestFirst(residual, level))
        {
            sid[level] = code;
            if (!HasRoom(sid[..(level + 1)]))
            {
                continue;
            }

            if (level == _levels - 1)
            {
                _taken.Add(Key(sid));
                CountUnderPrefixes(sid, 1);
                return true;
            }

            return TryMove(item, level + 1);
        }

        return false;
    }

    private bool HasRoom(ReadOnlySpan<int> prefix) =>
        prefix.Length == _levels
            ? !_taken.Contains(Key(prefix))
            : _itemsUnder.GetValueOrDefault(Key(prefix)) < Math.Pow(_codesPerLevel, _levels - prefix.Length);

    private void CountUnderPrefixes(ReadOnlySpan<int> sid, int change)
    {
        for (int length = 1; length < _levels; length++)
        {
            UInt128 key = Key(sid[..length]);
            _itemsUnder[key] = _itemsUnder.GetValueOrDefault(key) + change;
        }
    }

    private IEnumerable<int> NearestFirst(double[] residual, int level)
    {
        double[] book = _books.Books[level];
        int width = _books.Width;
        int fitted = _books.CodeCount(level);
        double[] distances = new double[fitted];
        for (int k = 0; k < fitted; k++)
        {
            ReadOnlySpan<double> center = book.AsSpan(k * width, width);
            distances[k] = VectorMath.Dot(center, center) - (2 * VectorMath.Dot(residual, center));
        }

        return Enumerable.Range(0, fitted).OrderBy(k => distances[k]).ThenBy(k => k)
            .Concat(Enumerable.Range(fitted, Math.Max(0, _codesPerLevel - fitted)));
    }

    private double[] ResidualBefore(int item, int level)
    {
        int width = _books.Width;
        double[] residual = _rows.AsSpan(item * width, width).ToArray();
        ReadOnlySpan<int> sid = Sid(item);
        for (int i = 0; i < level; i++)
        {
            if (sid[i] < _books.CodeCount(i))
            {
                VectorMath.AddScaled(residual, _books.Books[i].AsSpan(sid[i] * width, width), -1);
            }
        }

        return residual;
    }

    private double[] Distances(int items)
    {
        double[] distances = new double[items];
        for (int i = 0; i < items; i++)
        {
            double[] left = ResidualBefore(i, _levels);
            distances[i] = VectorMath.Dot(left, left);
        }

        return distances;
    }

    private Span<int> Sid(int item) => _codes.AsSpan(item * _levels, _levels);

    private static UInt128 Key(ReadOnlySpan<int> codes)
    {
        UInt128 key = (UInt128)codes.Length;
        foreach (int code in codes)
        {
            key = (key << 15) | (uint)code;
        }

        return key;
    }
}
