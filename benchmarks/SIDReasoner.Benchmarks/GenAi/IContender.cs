namespace SIDReasoner.Benchmarks.GenAi;

/// <summary>Something that ranks SIDs after a prompt.</summary>
internal interface IContender : IDisposable
{
    /// <summary>Its name in the table.</summary>
    string Name { get; }

    /// <summary>Runs one request.</summary>
    RequestTimes Run(int[] prompt, int beams);
}
