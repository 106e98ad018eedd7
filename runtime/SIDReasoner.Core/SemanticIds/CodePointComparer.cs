namespace SIDReasoner.Core.SemanticIds;

/// <summary>Orders strings by code point, as Python sorts them. Differs from ordinal order (UTF-16 units) only above U+FFFF.</summary>
internal sealed class CodePointComparer : IComparer<string>
{
    public static readonly CodePointComparer Instance = new();

    public int Compare(string? x, string? y)
    {
        if (x is null || y is null)
            return x is null ? (y is null ? 0 : -1) : 1;
        var length = Math.Min(x.Length, y.Length);
        for (var i = 0; i < length; i++)
        {
            if (x[i] != y[i])
            {
                // At the first difference a surrogate stands for something larger than any single unit.
                var (left, right) = (char.IsSurrogate(x[i]), char.IsSurrogate(y[i]));
                return left == right ? x[i].CompareTo(y[i]) : left ? 1 : -1;
            }
        }

        return x.Length.CompareTo(y.Length);
    }
}
