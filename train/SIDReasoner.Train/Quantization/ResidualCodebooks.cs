namespace SIDReasoner.Train.Quantization;

/// <summary>Frozen residual codebooks: a vector becomes one code a level, each the code nearest to what the levels before left over.</summary>
/// <remarks>
/// Immutable; threads may share one. A nearest code is the smallest squared distance, the lower code where two are equal.
/// Source: Lee et al., "Autoregressive image generation using residual quantization", CVPR 2022, section 3.1; MiniOneRec rq/models/rq.py.
/// </remarks>
public sealed class ResidualCodebooks
{
    /// <summary>Takes the books as they are, without a copy.</summary>
    /// <param name="width">Numbers a vector.</param>
    /// <param name="books">One book a level, first level first, each float64 [codes, width], row-major.</param>
    /// <exception cref="ArgumentException">There is no book, or a book is no whole number of rows.</exception>
    public ResidualCodebooks(int width, IReadOnlyList<double[]> books)
    {
        ArgumentNullException.ThrowIfNull(books);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(width);
        if (books.Count == 0)
        {
            throw new ArgumentException("Found no codebook; expected one a level.", nameof(books));
        }

        for (int level = 0; level < books.Count; level++)
        {
            if (books[level].Length == 0 || books[level].Length % width != 0)
            {
                throw new ArgumentException($"Codebook {level} holds {books[level].Length} numbers; expected one or more rows of {width}.", nameof(books));
            }
        }

        Width = width;
        Books = books;
    }

    /// <summary>Numbers a vector.</summary>
    public int Width { get; }

    /// <summary>One book a level, first level first, each float64 [codes, width], row-major.</summary>
    public IReadOnlyList<double[]> Books { get; }

    /// <summary>Levels (L).</summary>
    public int LevelCount => Books.Count;

    /// <summary>Codes of a level.</summary>
    public int CodeCount(int level) => Books[level].Length / Width;

    /// <summary>Gives every vector its codes.</summary>
    /// <param name="rows">float64 [n, width], row-major. Read only.</param>
    /// <param name="residuals">Where not null, receives what is left of each vector after each level: one float64 [n, width] a level.</param>
    /// <returns>Codes [n, L], row-major.</returns>
    /// <exception cref="ArgumentException"><paramref name="rows"/> is no whole number of rows.</exception>
    public int[] Encode(ReadOnlySpan<double> rows, IList<double[]>? residuals = null)
    {
        if (rows.Length % Width != 0)
        {
            throw new ArgumentException($"Found {rows.Length} numbers; expected whole rows of {Width}.", nameof(rows));
        }

        int count = rows.Length / Width;
        int[] codes = new int[count * LevelCount];
        int[] labels = new int[count];
        double[] distances = new double[count];
        double[] left = rows.ToArray();
        for (int level = 0; level < LevelCount; level++)
        {
            KMeans.Assign(left, Width, VectorMath.SquaredNorms(left, Width), Books[level], labels, distances);
            Subtract(left, level, labels);
            for (int i = 0; i < count; i++)
            {
                codes[(i * LevelCount) + level] = labels[i];
            }

            residuals?.Add((double[])left.Clone());
        }

        return codes;
    }

    /// <summary>Adds up each vector's codes: the nearest the codebooks come to it.</summary>
    /// <param name="codes">Codes [n, L], row-major.</param>
    /// <returns>float64 [n, width], row-major.</returns>
    public double[] Reconstruct(ReadOnlySpan<int> codes)
    {
        int count = codes.Length / LevelCount;
        double[] sums = new double[count * Width];
        for (int i = 0; i < count; i++)
        {
            for (int level = 0; level < LevelCount; level++)
            {
                int code = codes[(i * LevelCount) + level];
                VectorMath.AddScaled(sums.AsSpan(i * Width, Width), Books[level].AsSpan(code * Width, Width), 1);
            }
        }

        return sums;
    }

    private void Subtract(double[] rows, int level, int[] labels)
    {
        for (int i = 0; i < labels.Length; i++)
        {
            VectorMath.AddScaled(rows.AsSpan(i * Width, Width), Books[level].AsSpan(labels[i] * Width, Width), -1);
        }
    }
}
