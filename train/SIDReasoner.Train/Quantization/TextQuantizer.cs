namespace SIDReasoner.Train.Quantization;

/// <summary>SIDs for a catalog that has none, from its items' texts: TF-IDF, a low-rank projection where the vocabulary is large, residual k-means.</summary>
/// <remarks>Deterministic. A few seconds for 3,500 items with descriptions.</remarks>
public static class TextQuantizer
{
    /// <summary>Vectors of more terms than this are projected. Below it the term weights are used as they are.</summary>
    public const int LargestDenseVocabulary = 512;

    /// <summary>Numbers a projected vector.</summary>
    public const int ProjectedWidth = 128;

    /// <summary>Gives every text its codes.</summary>
    /// <param name="texts">One text an item; a title repeated before the description weighs more. A text without words is a zero vector.</param>
    /// <param name="options">Levels, codes and seed.</param>
    /// <param name="usesBigrams">Whether two neighboring words count as a term too. Default true.</param>
    /// <exception cref="Core.SidReasonerException">There is no text with a word in it, or there are more items than SIDs.</exception>
    public static RqKMeansResult Fit(IReadOnlyList<string> texts, RqKMeansOptions options, bool usesBigrams = true)
    {
        ArgumentNullException.ThrowIfNull(texts);
        ArgumentNullException.ThrowIfNull(options);
        // A term of one text alone says nothing about which texts are alike; where there are no others it must do.
        TfIdfMatrix matrix = TfIdfMatrix.FromTexts(texts, usesBigrams, minDocuments: 2);
        if (matrix.ColumnCount == 0)
        {
            matrix = TfIdfMatrix.FromTexts(texts, usesBigrams);
        }

        if (matrix.ColumnCount == 0)
        {
            throw new Core.SidReasonerException($"None of the {texts.Count} texts has a word; expected titles or descriptions to make SIDs from.");
        }

        if (matrix.ColumnCount <= LargestDenseVocabulary)
        {
            return RqKMeans.Fit(matrix.ToDense(), matrix.ColumnCount, options);
        }

        (double[] rows, int width) = LowRankProjection.Project(matrix, ProjectedWidth, options.Seed);
        return RqKMeans.Fit(rows, width, options);
    }
}
