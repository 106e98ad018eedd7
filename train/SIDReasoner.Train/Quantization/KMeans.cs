namespace SIDReasoner.Train.Quantization;

/// <summary>Lloyd's k-means with k-means++ starts over float64 rows: same rows and seed, same bits, on every machine.</summary>
/// <remarks>
/// Stopping rules and final assignment follow scikit-learn's "lloyd" algorithm. A nearest center is the smallest squared distance, the lower
/// number where two are equal. A center that loses all its rows moves to the row farthest from its own center.
/// Source: Arthur and Vassilvitskii, "k-means++", SODA 2007. Cost O(n K width) an iteration, spread over the cores.
/// </remarks>
public static class KMeans
{
    /// <summary>Fits centers from k-means++ starts and keeps the best of <see cref="KMeansOptions.Restarts"/>.</summary>
    /// <param name="rows">float64 [n, width], row-major. Read only.</param>
    /// <param name="width">Numbers a row, at least 1.</param>
    /// <param name="options">Settings.</param>
    /// <exception cref="ArgumentException">There is no row, or <paramref name="rows"/> is no whole number of rows.</exception>
    public static KMeansResult Fit(ReadOnlyMemory<double> rows, int width, KMeansOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        CheckRows(rows.Length, width);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(options.ClusterCount);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(options.Restarts);
        int clusters = Math.Min(options.ClusterCount, rows.Length / width);

        KMeansResult? best = null;
        for (int restart = 0; restart < options.Restarts; restart++)
        {
            var random = new SplitMixRandom(options.Seed, $"k-means++ {restart}");
            double[] start = PlusPlusStart(rows.Span, width, clusters, random);
            KMeansResult result = Refine(rows, width, start, options.MaxIterations, options.Tolerance);
            if (best is null || result.Inertia < best.Inertia)
            {
                best = result;
            }
        }

        return best!;
    }

    /// <summary>Runs Lloyd's iterations from given centers.</summary>
    /// <param name="rows">float64 [n, width], row-major. Read only.</param>
    /// <param name="width">Numbers a row, at least 1.</param>
    /// <param name="initialCenters">float64 [K, width], row-major. Read only.</param>
    /// <param name="maxIterations">Most rounds, at least 1.</param>
    /// <param name="tolerance">As <see cref="KMeansOptions.Tolerance"/>.</param>
    /// <exception cref="ArgumentException">An array is empty or no whole number of rows.</exception>
    public static KMeansResult Refine(ReadOnlyMemory<double> rows, int width, ReadOnlySpan<double> initialCenters, int maxIterations, double tolerance)
    {
        CheckRows(rows.Length, width);
        CheckRows(initialCenters.Length, width);
        if (initialCenters.Length > rows.Length)
        {
            throw new ArgumentException($"Found {initialCenters.Length / width} centers; expected at most one a row, {rows.Length / width}.", nameof(initialCenters));
        }

        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(maxIterations);
        double[] norms = VectorMath.SquaredNorms(rows.Span, width);
        double[] centers = initialCenters.ToArray();
        double[] previousCenters = new double[centers.Length];
        int[] labels = new int[norms.Length];
        int[] previousLabels = new int[norms.Length];
        double[] distances = new double[norms.Length];
        double shiftLimit = tolerance * MeanVariance(rows.Span, width);
        bool settled = false;

        int iterations = 0;
        while (iterations < maxIterations)
        {
            (labels, previousLabels) = (previousLabels, labels);
            (centers, previousCenters) = (previousCenters, centers);
            Assign(rows, width, norms, previousCenters, labels, distances);
            UpdateCenters(rows.Span, width, labels, distances, centers);
            iterations++;

            settled = iterations > 1 && labels.AsSpan().SequenceEqual(previousLabels);
            if (settled || SquaredShift(centers, previousCenters) <= shiftLimit)
            {
                break;
            }
        }

        if (!settled)
        {
            Assign(rows, width, norms, centers, labels, distances);
        }

        return new KMeansResult(centers, labels, Inertia(rows.Span, width, centers, labels), iterations);
    }

    /// <summary>Writes the nearest center and the squared distance to it of every row.</summary>
    internal static void Assign(ReadOnlyMemory<double> rows, int width, double[] rowNorms, double[] centers, int[] labels, double[] distances)
    {
        const int rowsPerTask = 256;
        double[] centerNorms = VectorMath.SquaredNorms(centers, width);
        int tasks = (labels.Length + rowsPerTask - 1) / rowsPerTask;
        Parallel.For(0, tasks, task =>
        {
            ReadOnlySpan<double> all = rows.Span;
            int end = Math.Min(labels.Length, (task + 1) * rowsPerTask);
            for (int i = task * rowsPerTask; i < end; i++)
            {
                ReadOnlySpan<double> row = all.Slice(i * width, width);
                int nearest = 0;
                double smallest = double.PositiveInfinity;
                for (int k = 0; k < centerNorms.Length; k++)
                {
                    double distance = rowNorms[i] + centerNorms[k] - (2 * VectorMath.Dot(row, centers.AsSpan(k * width, width)));
                    if (distance < smallest)
                    {
                        smallest = distance;
                        nearest = k;
                    }
                }

                labels[i] = nearest;
                distances[i] = Math.Max(smallest, 0);
            }
        });
    }

    private static double[] PlusPlusStart(ReadOnlySpan<double> rows, int width, int clusters, SplitMixRandom random)
    {
        double[] norms = VectorMath.SquaredNorms(rows, width);
        double[] nearest = new double[norms.Length];
        Array.Fill(nearest, double.PositiveInfinity);
        double[] centers = new double[clusters * width];
        int chosen = random.NextInt(norms.Length);
        for (int k = 0; k < clusters; k++)
        {
            ReadOnlySpan<double> center = rows.Slice(chosen * width, width);
            center.CopyTo(centers.AsSpan(k * width));
            double total = 0;
            for (int i = 0; i < norms.Length; i++)
            {
                double distance = norms[i] + norms[chosen] - (2 * VectorMath.Dot(rows.Slice(i * width, width), center));
                nearest[i] = Math.Min(nearest[i], Math.Max(distance, 0));
                total += nearest[i];
            }

            chosen = DrawByWeight(nearest, total, random);
        }

        return centers;
    }

    private static int DrawByWeight(double[] weights, double total, SplitMixRandom random)
    {
        double target = random.NextDouble() * total;
        double sum = 0;
        int last = 0;
        for (int i = 0; i < weights.Length; i++)
        {
            sum += weights[i];
            if (weights[i] > 0)
            {
                last = i;
                if (sum > target)
                {
                    return i;
                }
            }
        }

        return last;
    }

    private static void UpdateCenters(ReadOnlySpan<double> rows, int width, int[] labels, double[] distances, double[] centers)
    {
        int[] counts = new int[centers.Length / width];
        foreach (int label in labels)
        {
            counts[label]++;
        }

        int[] owners = MoveEmptyCenters(labels, distances, counts);
        Array.Clear(centers);
        for (int i = 0; i < owners.Length; i++)
        {
            VectorMath.AddScaled(centers.AsSpan(owners[i] * width, width), rows.Slice(i * width, width), 1);
        }

        for (int k = 0; k < counts.Length; k++)
        {
            foreach (ref double value in centers.AsSpan(k * width, width))
            {
                value /= counts[k];
            }
        }
    }

    // Each empty center takes one row: the farthest from its center among those that leave a row behind.
    private static int[] MoveEmptyCenters(int[] labels, double[] distances, int[] counts)
    {
        if (Array.IndexOf(counts, 0) < 0)
        {
            return labels;
        }

        int[] owners = (int[])labels.Clone();
        int[] farthestFirst = Enumerable.Range(0, labels.Length).OrderByDescending(i => distances[i]).ThenBy(i => i).ToArray();
        int next = 0;
        for (int k = 0; k < counts.Length; k++)
        {
            if (counts[k] > 0)
            {
                continue;
            }

            while (counts[owners[farthestFirst[next]]] < 2)
            {
                next++;
            }

            int row = farthestFirst[next++];
            counts[owners[row]]--;
            owners[row] = k;
            counts[k] = 1;
        }

        return owners;
    }

    private static double SquaredShift(double[] centers, double[] previous)
    {
        double sum = 0;
        for (int i = 0; i < centers.Length; i++)
        {
            double shift = centers[i] - previous[i];
            sum += shift * shift;
        }

        return sum;
    }

    private static double Inertia(ReadOnlySpan<double> rows, int width, double[] centers, int[] labels)
    {
        double sum = 0;
        for (int i = 0; i < labels.Length; i++)
        {
            ReadOnlySpan<double> row = rows.Slice(i * width, width);
            ReadOnlySpan<double> center = centers.AsSpan(labels[i] * width, width);
            for (int d = 0; d < width; d++)
            {
                double difference = row[d] - center[d];
                sum += difference * difference;
            }
        }

        return sum;
    }

    private static double MeanVariance(ReadOnlySpan<double> rows, int width)
    {
        int count = rows.Length / width;
        double total = 0;
        for (int d = 0; d < width; d++)
        {
            double mean = 0;
            for (int i = d; i < rows.Length; i += width)
            {
                mean += rows[i] / count;
            }

            for (int i = d; i < rows.Length; i += width)
            {
                total += (rows[i] - mean) * (rows[i] - mean) / count;
            }
        }

        return total / width;
    }

    private static void CheckRows(int length, int width)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(width);
        if (length == 0 || length % width != 0)
        {
            throw new ArgumentException($"Found {length} numbers; expected one or more rows of {width}.");
        }
    }
}
