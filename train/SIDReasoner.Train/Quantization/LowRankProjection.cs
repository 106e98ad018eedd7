namespace SIDReasoner.Train.Quantization;

/// <summary>Squeezes sparse term weights into short dense vectors that keep the distances as well as a truncated SVD does.</summary>
/// <remarks>
/// Randomized subspace iteration finds an orthonormal basis Q of the rows' main directions; with B = Q^T A and the Cholesky factor L of B B^T,
/// the rows of Q L have the inner products of the projected rows. The axes are not the singular vectors, which distances do not notice.
/// Deterministic. Source: Halko, Martinsson and Tropp, "Finding structure with randomness", SIAM Review 2011, algorithm 4.4.
/// </remarks>
public static class LowRankProjection
{
    private const int PowerIterations = 2;

    /// <summary>Projects every row.</summary>
    /// <param name="matrix">Term weights of n texts.</param>
    /// <param name="width">Numbers a row afterwards; at most as many as texts and as terms are used.</param>
    /// <param name="seed">Seed of the random start. Default 0.</param>
    /// <returns>float64 [n, width'], row-major, each row of length 1 (a row without terms stays 0), with width' the numbers used.</returns>
    public static (double[] Rows, int Width) Project(TfIdfMatrix matrix, int width, long seed = 0)
    {
        ArgumentNullException.ThrowIfNull(matrix);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(width);
        width = Math.Min(width, Math.Min(matrix.RowCount, matrix.ColumnCount));
        var random = new SplitMixRandom(seed, "low-rank projection");
        double[][] basis = Enumerable.Range(0, width).Select(_ => Multiply(matrix, RandomSigns(matrix.ColumnCount, random))).ToArray();
        Orthonormalize(basis);
        double[][] images = Images(matrix, basis);
        for (int i = 0; i < PowerIterations; i++)
        {
            Parallel.For(0, width, k => basis[k] = Multiply(matrix, images[k]));
            Orthonormalize(basis);
            images = Images(matrix, basis);
        }

        double[,] factor = Cholesky(images);
        double[] rows = new double[matrix.RowCount * width];
        for (int i = 0; i < matrix.RowCount; i++)
        {
            for (int j = 0; j < width; j++)
            {
                double sum = 0;
                for (int k = j; k < width; k++)
                {
                    sum += basis[k][i] * factor[k, j];
                }

                rows[(i * width) + j] = sum;
            }
        }

        VectorMath.NormalizeRows(rows, Math.Max(1, width));
        return (rows, width);
    }

    private static double[] RandomSigns(int count, SplitMixRandom random)
    {
        double[] signs = new double[count];
        for (int i = 0; i < count; i++)
        {
            signs[i] = (random.NextBits() >> 63) == 0 ? 1 : -1;
        }

        return signs;
    }

    // A z
    private static double[] Multiply(TfIdfMatrix matrix, double[] vector)
    {
        double[] product = new double[matrix.RowCount];
        for (int i = 0; i < product.Length; i++)
        {
            ReadOnlySpan<int> columns = matrix.ColumnsOf(i);
            ReadOnlySpan<double> values = matrix.ValuesOf(i);
            double sum = 0;
            for (int j = 0; j < columns.Length; j++)
            {
                sum += values[j] * vector[columns[j]];
            }

            product[i] = sum;
        }

        return product;
    }

    // B = Q^T A, a row for each basis vector
    private static double[][] Images(TfIdfMatrix matrix, double[][] basis)
    {
        double[][] images = new double[basis.Length][];
        Parallel.For(0, basis.Length, k =>
        {
            double[] image = new double[matrix.ColumnCount];
            for (int i = 0; i < matrix.RowCount; i++)
            {
                ReadOnlySpan<int> columns = matrix.ColumnsOf(i);
                ReadOnlySpan<double> values = matrix.ValuesOf(i);
                for (int j = 0; j < columns.Length; j++)
                {
                    image[columns[j]] += values[j] * basis[k][i];
                }
            }

            images[k] = image;
        });
        return images;
    }

    // Gram-Schmidt, twice for accuracy; a vector that depends on those before it becomes 0.
    private static void Orthonormalize(double[][] vectors)
    {
        for (int k = 0; k < vectors.Length; k++)
        {
            double before = Math.Sqrt(VectorMath.Dot(vectors[k], vectors[k]));
            for (int pass = 0; pass < 2; pass++)
            {
                for (int i = 0; i < k; i++)
                {
                    VectorMath.AddScaled(vectors[k], vectors[i], -VectorMath.Dot(vectors[k], vectors[i]));
                }
            }

            double length = Math.Sqrt(VectorMath.Dot(vectors[k], vectors[k]));
            double scale = length > before * 1e-10 ? 1 / length : 0;
            for (int i = 0; i < vectors[k].Length; i++)
            {
                vectors[k][i] *= scale;
            }
        }
    }

    private static double[,] Cholesky(double[][] images)
    {
        int width = images.Length;
        double[,] factor = new double[width, width];
        for (int j = 0; j < width; j++)
        {
            double whole = VectorMath.Dot(images[j], images[j]);
            double pivot = whole;
            for (int k = 0; k < j; k++)
            {
                pivot -= factor[j, k] * factor[j, k];
            }

            factor[j, j] = pivot > whole * 1e-12 ? Math.Sqrt(pivot) : 0;
            for (int i = j + 1; i < width; i++)
            {
                double sum = VectorMath.Dot(images[i], images[j]);
                for (int k = 0; k < j; k++)
                {
                    sum -= factor[i, k] * factor[j, k];
                }

                factor[i, j] = factor[j, j] > 0 ? sum / factor[j, j] : 0;
            }
        }

        return factor;
    }
}
