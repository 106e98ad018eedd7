namespace SIDReasoner.Benchmarks.GenAi;

/// <summary>Milliseconds of one request: the prompt, then the levels.</summary>
internal readonly record struct RequestTimes(double Prefill, double Levels)
{
    public double Request => Prefill + Levels;
}
