using SIDReasoner.Core.Bundles;
using Xunit;

namespace SIDReasoner.Core.Tests.Bundles;

public class BundleAgreementTests
{
    [Theory]
    [InlineData(100, 0.95, 0, "catalog")]
    [InlineData(99, 0.95, 0, "exact")]
    [InlineData(100, 0.949, 0, "exact")]
    [InlineData(100, 0.95, -0.001, "exact")]
    public void With_RowsOverlapAndNdcg_CatalogIsTheDefaultOnlyWhereAllAgree(int rows, double overlap, double ndcgHigh, string expected)
    {
        var manifest = Manifest() with { DefaultScoreMode = expected == "exact" ? "catalog" : "exact" };

        var recorded = manifest.With(Agreement(rows, Pair("fp32", "catalog", "fp32", "exact", overlap, ndcgHigh)));

        Assert.Equal(expected, recorded.DefaultScoreMode);
        Assert.Equal(rows, recorded.Agreement!.Rows);
    }

    [Fact]
    public void With_OtherPairsAlone_DoNotMakeCatalogTheDefault()
    {
        var agreement = Agreement(1000, Pair("int8", "exact", "fp32", "exact", 1, 1), Pair("fp32", "reference", "fp32", "exact", 1, 1), Pair("int8", "catalog", "fp32", "exact", 1, 1));

        Assert.Null(agreement.CatalogToExact);
        Assert.Equal("exact", Manifest().With(agreement).DefaultScoreMode);
    }

    [Fact]
    public void Save_Agreement_ReadsBackTheSameUnderTheNamesOfTheFormat()
    {
        using var folder = new TempFolder();
        var written = Manifest().With(Agreement(200, Pair("fp32", "catalog", "fp32", "exact", 0.98, 0.01)));

        written.Save(folder.Root);
        var read = BundleManifest.Load(folder.Root);
        read.Save(folder.Root);

        var text = File.ReadAllText(Path.Combine(folder.Root, BundleManifest.FileName));
        Assert.Equal("catalog", read.DefaultScoreMode);
        Assert.Equivalent(written.Agreement, read.Agreement, strict: true);
        foreach (var name in "data_sha256 to_precision to_score_mode top10_overlap same_first score_difference_mean score_difference_max hr10_difference hr10_interval ndcg10_difference ndcg10_interval".Split(' '))
            Assert.Contains($"\"{name}\"", text, StringComparison.Ordinal);
        Assert.DoesNotContain("catalog_agrees", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("catalog", "'agreement' does not hold catalog beside exact")]
    [InlineData("reference", "expected 'exact' or 'catalog'")]
    public void Load_DefaultThatNothingSupports_SaysSo(string mode, string expected)
    {
        using var folder = new TempFolder();
        (Manifest() with { DefaultScoreMode = mode }).Save(folder.Root);

        var error = Assert.Throws<InvalidFileException>(() => BundleManifest.Load(folder.Root));

        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    private static BundleAgreement Agreement(int rows, params BundleAgreementPair[] pairs) =>
        new() { Engine = "onnxruntime", Rows = rows, Beams = 50, DataSha256 = new string('0', 64), Pairs = pairs };

    private static BundleAgreementPair Pair(string precision, string mode, string toPrecision, string toMode, double overlap, double ndcgHigh) => new()
    {
        Precision = precision,
        ScoreMode = mode,
        ToPrecision = toPrecision,
        ToScoreMode = toMode,
        Top10Overlap = overlap,
        SameFirst = 1,
        ScoreDifferenceMean = 0.25,
        ScoreDifferenceMax = 0.5,
        Hr10Difference = 0,
        Hr10Interval = [-0.01, 0.01],
        Ndcg10Difference = ndcgHigh - 0.01,
        Ndcg10Interval = [ndcgHigh - 0.02, ndcgHigh],
    };

    private static BundleManifest Manifest() => new()
    {
        Exporter = "test",
        Architecture = "qwen3",
        ModelDigest = new string('1', 64),
        VocabSize = 10,
        HiddenSize = 8,
        LayerCount = 1,
        KvHeadCount = 1,
        HeadSize = 8,
        Context = 16,
        MaxBeams = 4,
        Levels = 3,
        Precisions = [new BundlePrecision { Name = "fp32", Model = "model.onnx", CacheType = "float32" }],
        Files = new Dictionary<string, BundleFile> { ["model.onnx"] = new BundleFile { Bytes = 1, Sha256 = new string('2', 64) } },
    };
}
