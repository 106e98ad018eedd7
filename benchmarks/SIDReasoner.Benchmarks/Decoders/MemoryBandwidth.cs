using System.Numerics;
using System.Runtime.InteropServices;

namespace SIDReasoner.Benchmarks.Decoders;

/// <summary>What this machine's memory gives: the best of several sums over an array far beyond the caches.</summary>
internal static unsafe class MemoryBandwidth
{
    private const long Bytes = 1L << 30;
    private const int Attempts = 7;

    /// <summary>Bytes a second, read by so many threads at once.</summary>
    public static double Measure(int threads)
    {
        byte* array = (byte*)NativeMemory.Alloc((nuint)Bytes);
        try
        {
            NativeMemory.Fill(array, (nuint)Bytes, 1);
            double best = double.MaxValue;
            for (int attempt = 0; attempt < Attempts; attempt++)
            {
                best = Math.Min(best, Rounds.Time(() => Read(array, threads)));
            }

            return Bytes / best * 1000;
        }
        finally
        {
            NativeMemory.Free(array);
        }
    }

    private static void Read(byte* array, int threads)
    {
        long part = Bytes / threads, sum = 0;
        Thread[] workers = [.. Enumerable.Range(0, threads).Select(thread => new Thread(() => Interlocked.Add(ref sum, Sum(array + (thread * part), part))))];
        foreach (Thread worker in workers)
        {
            worker.Start();
        }

        foreach (Thread worker in workers)
        {
            worker.Join();
        }

        if (sum == 0)
        {
            throw new InvalidOperationException("The sum is 0; the array was not read.");
        }
    }

    private static long Sum(byte* first, long bytes)
    {
        int step = Vector<long>.Count;
        long* values = (long*)first;
        long count = bytes / sizeof(long);
        (Vector<long> a, Vector<long> b, Vector<long> c, Vector<long> d) = (Vector<long>.Zero, Vector<long>.Zero, Vector<long>.Zero, Vector<long>.Zero);
        for (long i = 0; i + (4 * step) <= count; i += 4 * step)
        {
            a += *(Vector<long>*)(values + i);
            b += *(Vector<long>*)(values + i + step);
            c += *(Vector<long>*)(values + i + (2 * step));
            d += *(Vector<long>*)(values + i + (3 * step));
        }

        return Vector.Sum(a + b + c + d);
    }
}
