using SIDReasoner.Train.Quantization;

namespace SIDReasoner.Train.Tests.Quantization;

public class ResidualCodebooksGoldenTests
{
    public static TheoryData<string> Keys => QuantizerGoldenCase.Keys("residual");

    [SkippableTheory]
    [MemberData(nameof(Keys))]
    public void Encode_GivenBooks_MatchesReference(string key)
    {
        using QuantizerGoldenCase golden = QuantizerGoldenCase.Open("residual", key);
        int levels = golden.Facts.GetProperty("codes").GetArrayLength();
        int width = golden.Facts.GetProperty("width").GetInt32();
        var books = new ResidualCodebooks(width, Enumerable.Range(0, levels).Select(level => golden.Doubles($"book{level}")).ToList());
        double[] rows = golden.Doubles("x");
        var residuals = new List<double[]>();

        int[] codes = books.Encode(rows, residuals);

        Assert.Equal(golden.Ints("codes"), codes);
        for (int level = 0; level < levels; level++)
        {
            QuantizerGoldenCase.AssertClose(golden.Doubles($"residual{level}"), residuals[level]);
            double meanSquare = residuals[level].Sum(value => value * value) / residuals[level].Length;
            double loss = golden.Facts.GetProperty("level_losses")[level].GetDouble();
            QuantizerGoldenCase.AssertClose([loss], [meanSquare * (1 + golden.Facts.GetProperty("beta").GetDouble())]);
        }

        QuantizerGoldenCase.AssertClose(golden.Doubles("reconstruction"), books.Reconstruct(codes));
    }
}
