using SIDReasoner.Decoding.Sampling;

namespace SIDReasoner.Decoding.Tests.Sampling;

/// <summary>The definition: sort everything, filter step by step, draw in the order of ids.</summary>
internal static class SlowSampler
{
    public static int Next(float[] logits, SamplingOptions options, long position)
    {
        float largest = logits.Max();
        if (!options.Samples)
        {
            return Array.IndexOf(logits, largest);
        }

        Dictionary<int, double> kept = Distribution(logits, options);
        double total = 0;
        foreach (int id in kept.Keys.Order())
        {
            total += kept[id];
        }

        double wanted = CounterRandom.Unit(options.Seed, options.Stream, (ulong)position) * total;
        double passed = 0;
        foreach (int id in kept.Keys.Order())
        {
            passed += kept[id];
            if (passed > wanted)
            {
                return id;
            }
        }

        return Array.IndexOf(logits, largest);
    }

    /// <summary>The kept tokens with their unnormalised probabilities.</summary>
    public static Dictionary<int, double> Distribution(float[] logits, SamplingOptions options)
    {
        float largest = logits.Max();
        int[] best = [.. Enumerable.Range(0, logits.Length).Where(id => logits[id] > float.NegativeInfinity).OrderByDescending(id => logits[id]).ThenBy(id => id)];
        if (options.TopK > 0)
        {
            float kth = logits.OrderDescending().ElementAt(Math.Min(options.TopK, logits.Length) - 1);
            best = [.. best.Where(id => logits[id] >= kth)];
        }

        Dictionary<int, double> weight = best.ToDictionary(id => id, id => Math.Exp(((double)logits[id] - largest) / options.Temperature));
        if (options.TopP < 1)
        {
            double total = 0;
            foreach (int id in best.Order())
            {
                total += weight[id];
            }

            double before = 0;
            best = [.. best.TakeWhile(id =>
            {
                bool isIn = before < options.TopP * total;
                before += weight[id];
                return isIn;
            })];
        }

        return best.Where(id => weight[id] >= options.MinP || options.MinP == 0).ToDictionary(id => id, id => weight[id]);
    }
}
