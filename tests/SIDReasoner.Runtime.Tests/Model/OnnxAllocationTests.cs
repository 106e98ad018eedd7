using SIDReasoner.Decoding;
using SIDReasoner.TestSupport;
using Xunit;

namespace SIDReasoner.Runtime.Tests.Model;

/// <summary>The managed heap stays still while a session works.</summary>
public sealed class OnnxAllocationTests
{
    [Fact]
    public void Session_SecondRequestOfTheSameLengths_AllocatesNothing()
    {
        using var checkpoint = RandomCheckpoint.Create("qwen3-tied", seed: 21);
        using var source = new OnnxSessionSource(checkpoint.Folder, checkpoint.CatalogFolder, o => o with { ReferenceEnd = [7, 2] });
        using var session = source.Model.CreateSession();
        int[] prompt = [.. Enumerable.Range(0, 100).Select(i => i % 40)];
        int[][] rows = [.. new[] { 30, 64, 64 }.Select(n => Enumerable.Repeat(checkpoint.Vocabulary.TokenIds[0], n).ToArray())];
        int[][] parents = [Enumerable.Repeat(-1, 30).ToArray(), [.. Enumerable.Range(0, 64).Select(i => i % 30)], [.. Enumerable.Range(0, 64)]];
        var all = StepOutputs.EndLogits | StepOutputs.Logits | StepOutputs.SidLogits | StepOutputs.LogSumExp;
        Request();

        // A collection that other tests cause in the meantime is charged to this thread too, so the least of several requests counts.
        var least = long.MaxValue;
        for (var attempt = 0; attempt < 5; attempt++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            Request();
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        Assert.Equal(0, least);

        void Request()
        {
            session.Rewind(0);
            session.AppendTokens(prompt, all);
            for (var token = 0; token < 50; token++)
                session.AppendTokens(prompt.AsSpan(token, 1), StepOutputs.Logits);
            for (var level = 0; level < 3; level++)
                session.AppendBeams(rows[level], parents[level], StepOutputs.SidLogits | StepOutputs.LogSumExp | StepOutputs.EndLogits);
        }
    }
}
