using System.Text.Json;
using SIDReasoner.Benchmarks.Decoders;
using Xunit;

namespace SIDReasoner.Benchmarks.Tests;

/// <summary>The runner that holds llama.cpp and the builder's graph beside ours, at its smallest: everyone agrees, is timed, and stands in the files.</summary>
public sealed class DecoderRivalsTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("sidr-decoder-rivals-").FullName;

    [Fact]
    [Trait("Category", "Slow")]
    public void Run_SmallModel_ComparesTimesAndWritesEveryContender()
    {
        DecoderRivals.Run(["--model", "small", "--rounds", "1", "--threads", "1", "--parts", "decode,search,per-beam", "--out", _folder]);

        using JsonDocument results = JsonDocument.Parse(File.ReadAllText(Path.Combine(_folder, "results.json")));
        JsonElement[] times = [.. results.RootElement.GetProperty("times").EnumerateArray()];
        string[] ours = ["ours fp32", "ours int8", "ours int4"], llama = ["llama.cpp F32", "llama.cpp Q8_0", "llama.cpp Q4_0"];
        string[] builder = ["GenAI's builder fp32", "GenAI's builder MatMulNBits 8", "GenAI's builder MatMulNBits 4"];
        Assert.Equal([.. ours, .. llama, .. builder], Contenders("decode", "one token, ms"));
        Assert.Equal([.. ours, .. llama[..2]], Contenders("search Exact", "request, ms"));
        Assert.Equal([.. ours, .. llama[..2]], Contenders("search Catalog", "request, ms"));
        Assert.Equal(["ours fp32", "one prefill a beam"], Contenders("per-beam 4 M", "request, ms"));
        Assert.All(times.Where(time => time.GetProperty("quantity").GetString()!.EndsWith(", ms", StringComparison.Ordinal)), time => Assert.True(time.GetProperty("value").GetDouble() > 0));
        Assert.NotEmpty(results.RootElement.GetProperty("goals").EnumerateArray());
        Assert.Contains("| goal | wanted | measured | |", File.ReadAllText(Path.Combine(_folder, "README.md")), StringComparison.Ordinal);

        string[] Contenders(string part, string quantity) =>
            [.. times.Where(time => time.GetProperty("part").GetString() == part && time.GetProperty("quantity").GetString() == quantity).Select(time => time.GetProperty("contender").GetString()!)];
    }

    [Theory]
    [InlineData("--parts", "decode,nothing")]
    [InlineData("--model", "huge")]
    [InlineData("--speed", "9")]
    [InlineData("--rounds")]
    public void Parse_UnknownOptionOrValue_SaysWhatIsExpected(params string[] args)
    {
        var error = Assert.Throws<ArgumentException>(() => RivalOptions.Parse(args));

        Assert.True(error.Message.Contains("expected", StringComparison.Ordinal) || error.Message.Contains("has no value", StringComparison.Ordinal), error.Message);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
