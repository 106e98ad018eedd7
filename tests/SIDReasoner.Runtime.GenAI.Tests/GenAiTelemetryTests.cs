using SIDReasoner.TestSupport;
using Xunit;

namespace SIDReasoner.Runtime.GenAI.Tests;

/// <summary>GenAI's telemetry leaves a device id and two databases in the home folder of whoever runs it; ours leaves nothing.</summary>
public sealed class GenAiTelemetryTests
{
    [SkippableFact]
    public async Task Load_FreshHomeFolder_LeavesNothingInIt()
    {
        Skip.If(OperatingSystem.IsWindows(), "The home folder is a variable on Unix only.");
        using var checkpoint = RandomCheckpoint.Create("qwen3-tied", seed: 52);
        using var bundle = TestBundle.Of(checkpoint);

        await FreshHome.AssertProbeLeavesNothing(bundle.Path, GenAiEngine.EngineName);
    }
}
