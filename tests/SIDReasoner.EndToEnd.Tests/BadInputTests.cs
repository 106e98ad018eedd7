using Xunit;

namespace SIDReasoner.EndToEnd.Tests;

/// <summary>Each bad input: exit code 2, one clear message, no stack trace, nothing half-written.</summary>
public sealed class BadInputTests(TinyBundle tiny) : IClassFixture<TinyBundle>
{
    [Theory]
    [InlineData("the history is empty", "--history", "")]
    [InlineData("'99999'", "--history", "0,99999")]
    [InlineData("--k is 0", "--history", "0", "--k", "0")]
    [InlineData("--beams is 0", "--history", "0", "--beams", "0")]
    [InlineData("--beams is 1025", "--history", "0", "--beams", "1025")]
    [InlineData("'fast'", "--history", "0", "--score", "fast")]
    [InlineData("exactly one", "--k", "3")]
    [InlineData("exactly one", "--history", "0", "--prompt-ids", "1")]
    [InlineData("token ids", "--prompt-ids", "1,x")]
    [InlineData("from 0 to", "--prompt-ids", "1,4000000")]
    [InlineData("does not exist", "--input", "nowhere.jsonl", "--output", "out.jsonl")]
    [InlineData("--output", "--input", "nowhere.jsonl")]
    public void Recommend_BadOption_SaysWhatWasFound(string expected, params string[] arguments) =>
        AssertRefused(HostProcess.Sidr(["recommend", "--bundle", tiny.Bundle, .. arguments]), expected);

    [Fact]
    public void Recommend_ReferenceOfABundleWithoutItsEnd_SaysWhatToExport()
    {
        string bundle = Path.Combine(tiny.NewFolder(), "bundle");
        HostProcess.Succeed(HostProcess.Export("--checkpoint", tiny.Checkpoint.Folder, "--catalog", tiny.Checkpoint.CatalogFolder, "--out", bundle));

        AssertRefused(HostProcess.Sidr("recommend", "--bundle", bundle, "--history", "0", "--score", "reference"), "newline and end of turn", "--reference-end");
    }

    [Theory]
    [InlineData("""{"id": 1, "history": []}""", "empty")]
    [InlineData("""{"id": 1, "history": [123456]}""", "'123456'")]
    [InlineData("""{"id": 1, "prompt_ids": []}""", "empty")]
    [InlineData("""{"id": 1, "prompt_ids": [-1]}""", "-1")]
    [InlineData("""{"id": 1, "prompt_ids": [1.5]}""", "1.5")]
    [InlineData("""{"id": 1, "history": [0], "prompt_ids": [1]}""", "both")]
    [InlineData("""{"id": 1}""", "neither")]
    [InlineData("""{"history": [0]}""", "no id")]
    [InlineData("""{"id": 0, "history": [0]}""", "already on line 1")]
    [InlineData("""{"id": 1, "history": [0]""", "not JSON")]
    [InlineData("""{"id": 1, "history": 0}""", "array")]
    [InlineData("""{"id": 1, "histroy": [0]}""", "histroy")]
    [InlineData("[]", "object")]
    public void Recommend_DamagedLine_IsReportedByNumberAndNothingIsWritten(string line, string expected)
    {
        string folder = tiny.NewFolder();
        string input = Path.Combine(folder, "in.jsonl"), output = Path.Combine(folder, "out.jsonl");
        File.WriteAllLines(input, ["""{"id": 0, "history": [0]}""", line, """{"id": 2, "history": [1]}"""]);

        HostResult refused = HostProcess.Sidr("recommend", "--bundle", tiny.Bundle, "--input", input, "--output", output);

        AssertRefused(refused, "line 2", expected);
        Assert.Equal(["in.jsonl"], Directory.GetFiles(folder).Select(Path.GetFileName));
    }

    [Fact]
    public void Recommend_DamagedLineAndAskedToGoOn_AnswersTheRest()
    {
        string folder = tiny.NewFolder();
        string input = Path.Combine(folder, "in.jsonl"), output = Path.Combine(folder, "out.jsonl");
        File.WriteAllLines(input, ["""{"id": 0, "history": [0]}""", "{", """{"id": 2, "history": [1]}"""]);

        HostResult result = HostProcess.Sidr("recommend", "--bundle", tiny.Bundle, "--input", input, "--output", output, "--skip-bad-lines");

        Assert.Equal(0, result.ExitCode);
        Assert.Contains("line 2", result.Error, StringComparison.Ordinal);
        Assert.Equal(2, File.ReadAllLines(output).Length);
    }

    [Fact]
    public void Recommend_OutputIsInput_IsRefusedAndTheInputIsWhole()
    {
        string input = Path.Combine(tiny.NewFolder(), "in.jsonl");
        File.WriteAllText(input, """{"id": 0, "history": [0]}""");

        AssertRefused(HostProcess.Sidr("recommend", "--bundle", tiny.Bundle, "--input", input, "--output", input), "same file");

        Assert.Equal("""{"id": 0, "history": [0]}""", File.ReadAllText(input));
    }

    [Fact]
    public void Hosts_UnknownOption_EndWithCode2()
    {
        Assert.Equal(2, HostProcess.Sidr("recommend", "--bundel", "x").ExitCode);
        Assert.Equal(2, HostProcess.Export("--chekpoint", "x").ExitCode);
        Assert.Equal(2, HostProcess.Train("fit", "--dta", "x").ExitCode);
    }

    [Theory]
    [InlineData("config.json")]
    [InlineData("catalog.sidtrie")]
    [InlineData("items.jsonl")]
    [InlineData("model.onnx")]
    [InlineData("model.safetensors")]
    public void Recommend_BundleWithAChangedFile_ShowsBothHashes(string file)
    {
        string copy = CopyBundle();
        string path = Path.Combine(copy, file);
        byte[] bytes = File.ReadAllBytes(path);
        bytes[bytes.Length / 2] ^= 1;
        File.Delete(path);
        File.WriteAllBytes(path, bytes);

        AssertRefused(HostProcess.Sidr("recommend", "--bundle", copy, "--history", "0"), file, "SHA-256");
    }

    [Fact]
    public void Recommend_BundleOfAnotherVersion_ShowsBothVersions()
    {
        string copy = CopyBundle();
        string path = Path.Combine(copy, "bundle.json");
        string text = File.ReadAllText(path);
        File.Delete(path);
        File.WriteAllText(path, text.Replace("\"version\": 1", "\"version\": 999", StringComparison.Ordinal));

        AssertRefused(HostProcess.Sidr("recommend", "--bundle", copy, "--history", "0"), "999", "1");
    }

    [Fact]
    public void Recommend_NoBundle_SaysSo() =>
        AssertRefused(HostProcess.Sidr("recommend", "--bundle", Path.Combine(tiny.NewFolder(), "none"), "--history", "0"), "none");

    [Fact]
    public void Export_TruncatedWeights_IsRefusedAndLeavesNothing()
    {
        string folder = tiny.NewFolder();
        string checkpoint = Path.Combine(folder, "checkpoint");
        Directory.CreateDirectory(checkpoint);
        foreach (string file in Directory.GetFiles(tiny.Checkpoint.Folder))
        {
            File.Copy(file, Path.Combine(checkpoint, Path.GetFileName(file)));
        }

        using (FileStream weights = File.OpenWrite(Path.Combine(checkpoint, "model.safetensors")))
        {
            weights.SetLength(weights.Length / 2);
        }

        AssertRefused(HostProcess.Export("--checkpoint", checkpoint, "--catalog", tiny.Checkpoint.CatalogFolder, "--out", Path.Combine(folder, "bundle")), "model.safetensors");
        Assert.Equal(["checkpoint"], Directory.GetFileSystemEntries(folder).Select(Path.GetFileName));
    }

    [Fact]
    public void Export_CatalogueWithUnknownSidToken_NamesIt()
    {
        string folder = tiny.NewFolder();
        File.Copy(Path.Combine(tiny.Checkpoint.CatalogFolder, "items.jsonl"), Path.Combine(folder, "items.jsonl"));
        File.AppendAllText(Path.Combine(folder, "items.jsonl"), """{"id": "new", "title": "new", "sid": "<a_999><b_1><c_1>"}""" + "\n");

        AssertRefused(HostProcess.Export("--checkpoint", tiny.Checkpoint.Folder, "--catalog", folder, "--out", Path.Combine(folder, "bundle")), "<a_999>");
        Assert.False(Directory.Exists(Path.Combine(folder, "bundle")));
    }

    [Fact]
    public void Evaluate_CsvWithAWrongColumn_NamesColumns()
    {
        string data = Path.Combine(tiny.NewFolder(), "test.csv");
        File.WriteAllText(data, "user_id,histroy_item_id,item_id\nu1,\"[0]\",1\n");

        AssertRefused(HostProcess.Sidr("evaluate", "--bundle", tiny.Bundle, "--data", data), "history_item_id");
    }

    private string CopyBundle()
    {
        string copy = tiny.NewFolder();
        foreach (string file in Directory.GetFiles(tiny.Bundle))
        {
            File.Copy(file, Path.Combine(copy, Path.GetFileName(file)));
        }

        return copy;
    }

    private static void AssertRefused(HostResult result, params string[] expected)
    {
        Assert.True(result.ExitCode == 2, $"exit code {result.ExitCode}\n{result.Output}\n{result.Error}");
        Assert.DoesNotContain("   at ", result.Error, StringComparison.Ordinal);
        Assert.StartsWith("error:", result.Error, StringComparison.Ordinal);
        Assert.All(expected, text => Assert.Contains(text, result.Error, StringComparison.Ordinal));
    }
}
