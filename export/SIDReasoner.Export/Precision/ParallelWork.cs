using System.Runtime.ExceptionServices;

namespace SIDReasoner.Export.Precision;

/// <summary>Loops over rows on all cores.</summary>
internal static class ParallelWork
{
    /// <summary>Runs a parallel loop; the first error inside is thrown as it is, not wrapped.</summary>
    public static void Run(Action loop)
    {
        try
        {
            loop();
        }
        catch (AggregateException errors)
        {
            ExceptionDispatchInfo.Throw(errors.Flatten().InnerExceptions[0]);
        }
    }
}
