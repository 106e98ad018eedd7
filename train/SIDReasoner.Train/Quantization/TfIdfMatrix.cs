using System.Text;

namespace SIDReasoner.Train.Quantization;

/// <summary>Texts as sparse rows of term weights (compressed rows): term count times inverse document frequency, each row of length 1.</summary>
/// <remarks>
/// A word is a run of letters and digits, lower case, invariant culture; a term is one word or, where asked, two neighbors. Inverse document
/// frequency is ln((1 + n) / (1 + documents with the term)) + 1, rounded to 2^-20 so that no machine's logarithm matters. Columns are the
/// terms in ordinal order. Source: Salton and Buckley, 1988; smoothing as in scikit-learn.
/// </remarks>
public sealed class TfIdfMatrix
{
    private readonly int[] _rowStart;
    private readonly int[] _columns;
    private readonly double[] _values;

    private TfIdfMatrix(IReadOnlyList<string> terms, int[] rowStart, int[] columns, double[] values)
    {
        Terms = terms;
        _rowStart = rowStart;
        _columns = columns;
        _values = values;
    }

    /// <summary>The term of each column, in ordinal order.</summary>
    public IReadOnlyList<string> Terms { get; }

    /// <summary>Texts (n).</summary>
    public int RowCount => _rowStart.Length - 1;

    /// <summary>Terms in use.</summary>
    public int ColumnCount => Terms.Count;

    /// <summary>Columns of a row's weights, ascending.</summary>
    public ReadOnlySpan<int> ColumnsOf(int row) => _columns.AsSpan(_rowStart[row], _rowStart[row + 1] - _rowStart[row]);

    /// <summary>A row's weights, in the order of <see cref="ColumnsOf"/>; their squares sum to 1, or there are none.</summary>
    public ReadOnlySpan<double> ValuesOf(int row) => _values.AsSpan(_rowStart[row], _rowStart[row + 1] - _rowStart[row]);

    /// <summary>Counts the terms of the texts.</summary>
    /// <param name="texts">One text a row.</param>
    /// <param name="usesBigrams">Whether two neighboring words are a term too. Default false.</param>
    /// <param name="minDocuments">Terms in fewer texts than this are left out. Default 1.</param>
    public static TfIdfMatrix FromTexts(IReadOnlyList<string> texts, bool usesBigrams = false, int minDocuments = 1)
    {
        ArgumentNullException.ThrowIfNull(texts);
        List<Dictionary<string, int>> counts = texts.Select(text => CountTerms(text, usesBigrams)).ToList();
        var documents = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (string term in counts.SelectMany(row => row.Keys))
        {
            documents[term] = documents.GetValueOrDefault(term) + 1;
        }

        string[] terms = documents.Where(pair => pair.Value >= minDocuments).Select(pair => pair.Key).Order(StringComparer.Ordinal).ToArray();
        Dictionary<string, int> columnOf = terms.Select((term, column) => (term, column)).ToDictionary(pair => pair.term, pair => pair.column, StringComparer.Ordinal);
        double[] idf = terms.Select(term => InverseDocumentFrequency(texts.Count, documents[term])).ToArray();

        int[] rowStart = new int[texts.Count + 1];
        var columns = new List<int>();
        var values = new List<double>();
        for (int i = 0; i < texts.Count; i++)
        {
            var row = counts[i].Where(pair => columnOf.ContainsKey(pair.Key)).Select(pair => (Column: columnOf[pair.Key], Count: pair.Value)).OrderBy(pair => pair.Column).ToList();
            double[] weights = row.Select(pair => pair.Count * idf[pair.Column]).ToArray();
            VectorMath.NormalizeRows(weights, Math.Max(1, weights.Length));
            columns.AddRange(row.Select(pair => pair.Column));
            values.AddRange(weights);
            rowStart[i + 1] = columns.Count;
        }

        return new TfIdfMatrix(terms, rowStart, [.. columns], [.. values]);
    }

    /// <summary>All weights, float64 [rows, columns], row-major. For small vocabularies; see <see cref="LowRankProjection"/> for others.</summary>
    public double[] ToDense()
    {
        double[] dense = new double[RowCount * ColumnCount];
        for (int i = 0; i < RowCount; i++)
        {
            for (int j = _rowStart[i]; j < _rowStart[i + 1]; j++)
            {
                dense[(i * ColumnCount) + _columns[j]] = _values[j];
            }
        }

        return dense;
    }

    private static double InverseDocumentFrequency(int texts, int documents)
    {
        const double steps = 1 << 20;
        return Math.Round((Math.Log((1.0 + texts) / (1.0 + documents)) + 1) * steps) / steps;
    }

    private static Dictionary<string, int> CountTerms(string text, bool usesBigrams)
    {
        var counts = new Dictionary<string, int>(StringComparer.Ordinal);
        string? previous = null;
        foreach (string word in Words(text))
        {
            counts[word] = counts.GetValueOrDefault(word) + 1;
            if (usesBigrams && previous is not null)
            {
                string pair = $"{previous} {word}";
                counts[pair] = counts.GetValueOrDefault(pair) + 1;
            }

            previous = word;
        }

        return counts;
    }

    private static IEnumerable<string> Words(string text)
    {
        var word = new StringBuilder();
        foreach (char character in text)
        {
            if (char.IsLetterOrDigit(character))
            {
                word.Append(char.ToLowerInvariant(character));
            }
            else if (word.Length > 0)
            {
                yield return word.ToString();
                word.Clear();
            }
        }

        if (word.Length > 0)
        {
            yield return word.ToString();
        }
    }
}
