using SIDReasoner.Train.Quantization;

namespace SIDReasoner.Train.Tests.Quantization;

public class TextVectorsTests
{
    private static readonly string[] s_texts = ["Red lamp, red shade", "blue lamp", "Blue kettle 2L", "", "kettle"];

    [Fact]
    public void FromTexts_Words_AreCountedAndWeighed()
    {
        TfIdfMatrix matrix = TfIdfMatrix.FromTexts(s_texts);

        Assert.Equal(["2l", "blue", "kettle", "lamp", "red", "shade"], matrix.Terms);
        double red = 2 * (Math.Log(6.0 / 2) + 1);
        double shade = Math.Log(6.0 / 2) + 1;
        double lamp = Math.Log(6.0 / 3) + 1;
        double length = Math.Sqrt((red * red) + (shade * shade) + (lamp * lamp));
        Assert.Equal([3, 4, 5], matrix.ColumnsOf(0).ToArray());
        Assert.Equal([lamp / length, red / length, shade / length], matrix.ValuesOf(0).ToArray(), (x, y) => Math.Abs(x - y) < 1e-6);
        Assert.Empty(matrix.ColumnsOf(3).ToArray());
    }

    [Fact]
    public void FromTexts_BigramsAndMinimum_KeepCommonTermsOnly()
    {
        TfIdfMatrix matrix = TfIdfMatrix.FromTexts(["big red lamp", "red lamp", "red tent"], usesBigrams: true, minDocuments: 2);

        Assert.Equal(["lamp", "red", "red lamp"], matrix.Terms);
    }

    [Fact]
    public void ToDense_Rows_HoldTheSparseValues()
    {
        TfIdfMatrix matrix = TfIdfMatrix.FromTexts(s_texts);

        double[] dense = matrix.ToDense();

        Assert.Equal(matrix.RowCount * matrix.ColumnCount, dense.Length);
        Assert.Equal(matrix.ValuesOf(2).ToArray().Sum(), dense[(2 * matrix.ColumnCount)..(3 * matrix.ColumnCount)].Sum(), 12);
    }

    [Fact]
    public void Project_FullWidth_KeepsInnerProducts()
    {
        TfIdfMatrix matrix = TfIdfMatrix.FromTexts(s_texts);
        double[] dense = matrix.ToDense();

        (double[] rows, int width) = LowRankProjection.Project(matrix, 100);

        Assert.Equal(5, width);
        for (int i = 0; i < matrix.RowCount; i++)
        {
            for (int j = 0; j < matrix.RowCount; j++)
            {
                double expected = Dot(dense, matrix.ColumnCount, i, j);
                Assert.Equal(expected, Dot(rows, width, i, j), 9);
            }
        }
    }

    [Fact]
    public void Project_Narrow_KeepsTheMainDirections()
    {
        // Two topics without a shared word: two numbers tell them apart exactly.
        string[] texts = [.. Enumerable.Range(0, 20).Select(i => i % 2 == 0 ? $"lamp light bulb w{i}" : $"tent camp rope w{i}")];

        (double[] rows, int width) = LowRankProjection.Project(TfIdfMatrix.FromTexts(texts), 2);

        Assert.Equal(2, width);
        Assert.True(Dot(rows, width, 0, 2) > 0.99);
        Assert.True(Math.Abs(Dot(rows, width, 0, 1)) < 0.01);
    }

    private static double Dot(double[] rows, int width, int left, int right) =>
        VectorMath.Dot(rows.AsSpan(left * width, width), rows.AsSpan(right * width, width));
}
