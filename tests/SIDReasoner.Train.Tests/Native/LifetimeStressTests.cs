using static TorchSharp.torch;

namespace SIDReasoner.Train.Tests.Native;

/// <summary>The race that eng/TorchSharpRepairs.cs repairs: a wrapper finalized while the native call that got its handle still runs.</summary>
public sealed class LifetimeStressTests
{
    [Fact]
    public void ScalarTemporaries_UnderGarbageCollection_NeverFail()
    {
        using var stop = new CancellationTokenSource();
        var churn = new Thread(() =>
        {
            while (!stop.IsCancellationRequested)
            {
                GC.KeepAlive(new byte[64][].Select(_ => new byte[4096]).ToArray());
                GC.Collect(0);
            }
        });
        churn.Start();
        try
        {
            using Tensor x = ones(64);
            // At least 3 seconds and at least so many operations: the collections can stop this thread for most of the time.
            var running = System.Diagnostics.Stopwatch.StartNew();
            long operations = 0;
            while ((running.Elapsed < TimeSpan.FromSeconds(3) || operations < 1000) && running.Elapsed < TimeSpan.FromMinutes(2))
            {
                using var scope = NewDisposeScope();
                for (int i = 0; i < 200; i++)
                {
                    _ = x.pow(2) * 7;
                    operations += 2;
                }
            }

            Assert.InRange(operations, 1000, long.MaxValue);
        }
        finally
        {
            stop.Cancel();
            churn.Join();
        }
    }
}
