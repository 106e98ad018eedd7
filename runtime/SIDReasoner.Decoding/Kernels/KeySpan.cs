namespace SIDReasoner.Decoding.Kernels;

/// <summary>Helpers over spans of selection keys.</summary>
internal static class KeySpan
{
    /// <summary>The largest key; the span is not empty.</summary>
    public static ulong MaxKey(this Span<ulong> keys)
    {
        ulong largest = 0;
        foreach (ulong key in keys)
        {
            largest = Math.Max(largest, key);
        }

        return largest;
    }
}
