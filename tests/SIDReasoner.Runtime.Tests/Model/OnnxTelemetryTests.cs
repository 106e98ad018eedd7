using SIDReasoner.TestSupport;
using Xunit;

namespace SIDReasoner.Runtime.Tests.Model;

/// <summary>ONNX Runtime's telemetry leaves a device id and a database in the home folder of whoever runs it; ours leaves nothing.</summary>
public sealed class OnnxTelemetryTests
{
    [SkippableFact]
    public async Task Load_FreshHomeFolder_LeavesNothingInIt()
    {
        Skip.If(OperatingSystem.IsWindows(), "The home folder is a variable on Unix only.");
        using var checkpoint = RandomCheckpoint.Create("qwen3-tied", seed: 51);
        using var source = new OnnxSessionSource(checkpoint.Folder, checkpoint.CatalogFolder);

        await FreshHome.AssertProbeLeavesNothing(source.Bundle.Path);
    }
}
