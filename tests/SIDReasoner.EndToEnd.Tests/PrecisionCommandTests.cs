using System.Text.Json;
using SIDReasoner.TestSupport;
using Xunit;

namespace SIDReasoner.EndToEnd.Tests;

/// <summary>--precision from export to answer.</summary>
public class PrecisionCommandTests(TinyBundle tiny) : IClassFixture<TinyBundle>
{
    [Fact]
    public void Recommend_EachPrecision_IsNamedInTheAnswerAndTheSameOnBothEngines()
    {
        string bundle = Export("fp32,int8");

        string plain = List(bundle), int8 = List(bundle, "--precision", "int8", "--force-precision");

        Assert.StartsWith("fp32 ", plain, StringComparison.Ordinal);
        Assert.StartsWith("int8 ", int8, StringComparison.Ordinal);
        Assert.NotEqual(plain[4..], int8[4..]);
        Assert.Equal(int8, List(bundle, "--precision", "int8", "--force-precision", "--engine", "genai"));
        Assert.Equal(plain, List(bundle, "--precision", "auto"));
        Assert.Contains(
            "exact scores, int8 on onnxruntime",
            HostProcess.Succeed(HostProcess.Sidr("recommend", "--bundle", bundle, "--history", "1,2,3", "--precision", "int8", "--force-precision")),
            StringComparison.Ordinal);
    }

    [Fact]
    public void Recommend_Int4_IsNamedInTheAnswerAndTheSameOnBothEngines()
    {
        string bundle = Export("fp32,int4");

        string plain = List(bundle), int4 = List(bundle, "--precision", "int4");

        Assert.StartsWith("int4 ", int4, StringComparison.Ordinal);
        Assert.NotEqual(plain[4..], int4[4..]);
        Assert.Equal(int4, List(bundle, "--precision", "int4", "--engine", "genai"));
    }

    [Fact]
    public void Evaluate_Precision_IsNamedInTheReport()
    {
        string bundle = Export("int8,fp32"), data = Path.Combine(tiny.NewFolder(), "test.csv");
        File.WriteAllLines(data, ["user_id,history_item_id,item_id", "u1,\"[1, 2]\",3", "u2,\"[4, 5]\",6"]);

        string first = Precision(HostProcess.Sidr("evaluate", "--bundle", bundle, "--data", data, "--json", "--force-precision"));
        string named = Precision(HostProcess.Sidr("evaluate", "--bundle", bundle, "--data", data, "--json", "--precision", "fp32"));

        Assert.Equal("int8", first);
        Assert.Equal("fp32", named);
    }

    [Fact]
    public void Generate_Precision_IsNamedInTheAnswer()
    {
        string bundle = Export("fp32,int8");

        Assert.Equal("int8", Precision(HostProcess.Sidr("generate", "--bundle", bundle, "--prompt-ids", "5,6", "--max-tokens", "2", "--json", "--precision", "int8", "--force-precision")));
    }

    [Fact]
    public void Recommend_PrecisionTheBundleLacks_SaysWhichThereAreAndHowToGetIt()
    {
        HostResult result = HostProcess.Sidr("recommend", "--bundle", tiny.Bundle, "--history", "1", "--precision", "int8");

        Assert.Equal(2, result.ExitCode);
        Assert.Contains("it has 'fp32'. Export it again with --precision int8.", result.Error, StringComparison.Ordinal);
    }

    [SkippableFact]
    public void Recommend_Int8OnAProcessorNotMadeForIt_IsRefusedUnlessForced()
    {
        Skip.If(Processors.HasInt8Dot, "This processor is made for it.");
        string bundle = Export("fp32,int8");

        HostResult refused = HostProcess.Sidr("recommend", "--bundle", bundle, "--history", "1", "--precision", "int8");

        Assert.Equal(2, refused.ExitCode);
        Assert.Contains("--force-precision", refused.Error, StringComparison.Ordinal);
        Assert.StartsWith("int8 ", List(bundle, "--precision", "int8", "--force-precision"), StringComparison.Ordinal);
    }

    private string Export(string precisions)
    {
        string bundle = Path.Combine(tiny.NewFolder(), "bundle");
        HostProcess.Succeed(HostProcess.Export("--checkpoint", tiny.Checkpoint.Folder, "--catalog", tiny.Checkpoint.CatalogFolder, "--out", bundle, "--precision", precisions));
        return bundle;
    }

    private static string List(string bundle, params string[] options)
    {
        using JsonDocument answer = JsonDocument.Parse(HostProcess.Succeed(
            HostProcess.Sidr(["recommend", "--bundle", bundle, "--history", "1,2,3", "--k", "50", "--json", .. options])));
        IEnumerable<string> sids = answer.RootElement.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("sid").GetString()!);
        return $"{answer.RootElement.GetProperty("precision").GetString()} {string.Join(' ', sids)}";
    }

    private static string Precision(HostResult result)
    {
        using JsonDocument document = JsonDocument.Parse(HostProcess.Succeed(result));
        return document.RootElement.GetProperty("precision").GetString()!;
    }
}
