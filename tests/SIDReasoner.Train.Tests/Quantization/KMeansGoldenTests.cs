using System.Text.Json;
using SIDReasoner.Train.Quantization;

namespace SIDReasoner.Train.Tests.Quantization;

public class KMeansGoldenTests
{
    public static TheoryData<string> Keys => QuantizerGoldenCase.Keys("kmeans");

    [SkippableTheory]
    [MemberData(nameof(Keys))]
    public void Refine_GivenCenters_MatchesScikitLearn(string key)
    {
        using QuantizerGoldenCase golden = QuantizerGoldenCase.Open("kmeans", key);
        double[] rows = golden.Doubles("x");
        double[] start = golden.Doubles("init");
        int width = golden.Facts.GetProperty("width").GetInt32();

        int run = 0;
        foreach (JsonElement expected in golden.Facts.GetProperty("runs").EnumerateArray())
        {
            KMeansResult actual = KMeans.Refine(
                rows, width, start, expected.GetProperty("max_iterations").GetInt32(), expected.GetProperty("tolerance").GetDouble());

            Assert.Equal(golden.Ints($"labels_{run}"), actual.Labels);
            Assert.Equal(expected.GetProperty("iterations").GetInt32(), actual.Iterations);
            QuantizerGoldenCase.AssertClose(golden.Doubles($"centres_{run}"), actual.Centers);
            QuantizerGoldenCase.AssertClose([expected.GetProperty("inertia").GetDouble()], [actual.Inertia]);
            run++;
        }

        Assert.True(run > 0);
    }
}
