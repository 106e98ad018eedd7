namespace SIDReasoner.Train.Quantization;

/// <summary>Residual k-means: k-means on the vectors, then on what is left of them, level by level.</summary>
/// <remarks>
/// Deterministic on every machine. 3,686 items of width 128 with 3 x 256 codes take a few seconds.
/// Source: MiniOneRec rq/rqkmeans_faiss.py (plain residual quantizer, beam 1), with collisions resolved here instead of by a fourth token.
/// </remarks>
public static class RqKMeans
{
    /// <summary>Fits codebooks to the vectors and gives every vector its codes.</summary>
    /// <param name="rows">float64 [n, width], row-major. Read only.</param>
    /// <param name="width">Numbers a vector, at least 1.</param>
    /// <param name="options">Settings.</param>
    /// <exception cref="ArgumentException">There is no row, or <paramref name="rows"/> is no whole number of rows.</exception>
    /// <exception cref="Core.SidReasonerException">Collisions cannot be resolved: more items than codes exist.</exception>
    public static RqKMeansResult Fit(ReadOnlySpan<double> rows, int width, RqKMeansOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(options.LevelCount);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(options.LevelCount, 8);
        double[] left = rows.ToArray();
        var books = new List<double[]>();
        for (int level = 0; level < options.LevelCount; level++)
        {
            KMeansResult fit = KMeans.Fit(left, width, new KMeansOptions
            {
                ClusterCount = options.CodesPerLevel,
                MaxIterations = options.MaxIterations,
                Restarts = options.Restarts,
                Seed = options.Seed + level,
            });
            books.Add(fit.Centers);
            for (int i = 0; i < fit.Labels.Length; i++)
            {
                VectorMath.AddScaled(left.AsSpan(i * width, width), fit.Centers.AsSpan(fit.Labels[i] * width, width), -1);
            }
        }

        var codebooks = new ResidualCodebooks(width, books);
        int[] codes = codebooks.Encode(rows);
        int colliding = CollisionResolver.CountColliding(codes, options.LevelCount);
        int moved = options.ResolvesCollisions ? CollisionResolver.Resolve(codes, rows, codebooks, options.CodesPerLevel) : 0;
        return new RqKMeansResult(codes, codebooks, colliding, moved);
    }
}
