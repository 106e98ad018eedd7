using System.Diagnostics;

namespace SIDReasoner.Benchmarks.Decoders;

/// <summary>Contenders take turns, so that a busy neighbour hurts all alike; the median of each one's turns counts.</summary>
internal static class Rounds
{
    /// <summary>Lets a rival's threads fall asleep before the next one runs: ONNX Runtime's wait busily for more than 10 ms, for which the next one had a core less.</summary>
    private const int PauseMilliseconds = 100;

    /// <summary>Runs everyone once uncounted, then so many rounds.</summary>
    /// <param name="rounds">Counted turns of each.</param>
    /// <param name="contenders">Each returns its own milliseconds, one number a quantity.</param>
    /// <returns>For each contender the median of each quantity.</returns>
    public static double[][] Medians(int rounds, IReadOnlyList<Func<double[]>> contenders)
    {
        var times = contenders.Select(_ => new List<double[]>()).ToArray();
        int[] order = [.. Enumerable.Range(0, contenders.Count)];
        var random = new Random(Seed: 1);
        for (int round = 0; round <= rounds; round++)
        {
            // Everyone follows everyone once in a while.
            random.Shuffle(order);
            foreach (int who in order)
            {
                Thread.Sleep(PauseMilliseconds);
                double[] own = contenders[who]();
                if (round > 0)
                {
                    times[who].Add(own);
                }
            }
        }

        return [.. times.Select(own => Enumerable.Range(0, own[0].Length).Select(i => Median(own.Select(quantities => quantities[i]))).ToArray())];
    }

    /// <summary>The middle value, or the mean of the two.</summary>
    public static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }

    /// <summary>Milliseconds of one call.</summary>
    public static double Time(Action action)
    {
        long began = Stopwatch.GetTimestamp();
        action();
        return Stopwatch.GetElapsedTime(began).TotalMilliseconds;
    }
}
