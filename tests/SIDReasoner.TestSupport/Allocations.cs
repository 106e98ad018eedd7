namespace SIDReasoner.TestSupport;

/// <summary>Counts what a hot path puts on the managed heap.</summary>
public static class Allocations
{
    /// <summary>
    /// The fewest bytes of several rounds on this thread: a collection that other tests cause in the meantime is charged to this thread
    /// too, so one round alone proves nothing.
    /// </summary>
    /// <param name="round">The work; run once before it is counted.</param>
    /// <returns>Bytes a round.</returns>
    public static long Least(Action round)
    {
        ArgumentNullException.ThrowIfNull(round);
        round();
        long least = long.MaxValue;
        for (int attempt = 0; attempt < 5; attempt++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            round();
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        return least;
    }
}
