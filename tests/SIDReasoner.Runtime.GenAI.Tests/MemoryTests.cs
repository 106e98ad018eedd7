using SIDReasoner.TestSupport;
using Xunit;

namespace SIDReasoner.Runtime.GenAI.Tests;

/// <summary>Memory of the whole process, so nothing else may run meanwhile.</summary>
[Collection(Alone)]
public sealed class MemoryTests
{
    private const string Alone = "alone";

    [CollectionDefinition(Alone, DisableParallelization = true)]
    public sealed class AloneCollection;

    [SkippableFact]
    public void Dispose_OpenedAgainManyTimes_GivesTheMemoryBack()
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "Resident memory is read from /proc.");
        using var checkpoint = RandomCheckpoint.Create("qwen3-tied", seed: 46);
        using var bundle = TestBundle.Of(checkpoint);
        for (var warmUp = 0; warmUp < 5; warmUp++)
            OpenAndRun();
        var before = Megabytes();

        for (var round = 0; round < 40; round++)
            OpenAndRun();

        Assert.InRange(Megabytes() - before, double.MinValue, 30);

        void OpenAndRun()
        {
            using (var onnx = bundle.LoadOnnx())
            using (var session = onnx.CreateSession())
                session.AppendTokens([1, 2, 3], Decode.Rows);
            using (var engine = bundle.LoadGenAi())
            using (var session = engine.CreateSession())
                session.AppendTokens([1, 2, 3], Decode.Rows);
        }

        static double Megabytes()
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            var pages = File.ReadAllText("/proc/self/statm").Split(' ')[1];
            return long.Parse(pages, System.Globalization.CultureInfo.InvariantCulture) * Environment.SystemPageSize / 1048576.0;
        }
    }
}
