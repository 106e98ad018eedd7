using SIDReasoner.Core;
using SIDReasoner.Core.Bundles;
using SIDReasoner.Runtime.Model;
using SIDReasoner.TestSupport;
using Xunit;

namespace SIDReasoner.Runtime.Tests.Precision;

/// <summary>Which form of the weights runs.</summary>
public sealed class PrecisionRulesTests
{
    [Theory]
    [InlineData("fp32,int8", 512, true, null, "fp32")]
    [InlineData("int8,fp32", 512, true, null, "int8")]
    [InlineData("fp32,int8", 512, true, "int8", "int8")]
    [InlineData("fp32,int8", 512, true, "auto", "int8")]
    [InlineData("fp32,int8", 511, true, "auto", "fp32")]
    [InlineData("int8,fp32", 511, true, "auto", "fp32")]
    [InlineData("fp32,int8", 512, false, "auto", "fp32")]
    [InlineData("fp32", 512, true, "auto", "fp32")]
    [InlineData("int8", 128, true, "auto", "int8")]
    [InlineData("fp32,int8", 512, false, "fp32", "fp32")]
    public void Choose_NamedOrNot_TakesWhatSuits(string forms, int width, bool hasInt8Dot, string? requested, string expected)
    {
        var chosen = PrecisionRules.Choose(Manifest(forms, width), "b", requested, force: false, hasInt8Dot);

        Assert.Equal(expected, chosen.Name);
    }

    [Theory]
    [InlineData("fp32,int8", "int8")]
    [InlineData("int8,fp32", null)]
    [InlineData("int8", "auto")]
    public void Choose_Int8WithoutVnni_IsRefusedUnlessForced(string forms, string? requested)
    {
        var manifest = Manifest(forms, 1024);

        var error = Assert.Throws<SidReasonerException>(() => PrecisionRules.Choose(manifest, "b", requested, force: false, hasInt8Dot: false));

        Assert.Contains("VNNI", error.Message, StringComparison.Ordinal);
        Assert.Contains("--force-precision", error.Message, StringComparison.Ordinal);
        Assert.Equal("int8", PrecisionRules.Choose(manifest, "b", requested, force: true, hasInt8Dot: false).Name);
    }

    [Fact]
    public void Choose_PrecisionTheBundleLacks_NamesThoseItHas()
    {
        var error = Assert.Throws<SidReasonerException>(() => PrecisionRules.Choose(Manifest("fp32,int8", 64), "some/bundle", "int3", force: true, hasInt8Dot: true));

        Assert.Contains("'some/bundle' has no precision 'int3'; it has 'fp32', 'int8'", error.Message, StringComparison.Ordinal);
    }

    /// <summary>What the processor says about itself, where Linux lists it too.</summary>
    [SkippableFact]
    public void IsPresent_ThisProcessor_IsWhatTheSystemLists()
    {
        Skip.IfNot(File.Exists("/proc/cpuinfo"), "No Linux.");

        Assert.Equal(Processors.HasInt8Dot, Int8Support.IsPresent);
    }

    private static BundleManifest Manifest(string forms, int width) => new()
    {
        Exporter = "test",
        Architecture = "qwen3",
        ModelDigest = "",
        VocabSize = 10,
        HiddenSize = width,
        LayerCount = 1,
        KvHeadCount = 1,
        HeadSize = 16,
        Context = 16,
        MaxBeams = 1,
        Levels = 0,
        Precisions = [.. forms.Split(',').Select(name => new BundlePrecision { Name = name, Model = $"model.{name}.onnx", CacheType = "float32" })],
        Files = new Dictionary<string, BundleFile>(),
    };
}
