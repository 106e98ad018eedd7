using System.Text.Json;
using Xunit;

namespace SIDReasoner.EndToEnd.Tests;

public sealed class MemoryCommandTests(TinyBundle tiny) : IClassFixture<TinyBundle>
{
    [Theory]
    [InlineData("onnxruntime")]
    [InlineData("genai")]
    public void Recommend_NoPrepacking_GivesTheSameListAndPrintsWhatItNeeded(string engine)
    {
        string[] arguments = ["recommend", "--bundle", tiny.Bundle, "--history", "0,1,2", "--k", "20", "--engine", engine, "--json"];

        JsonElement packed = Run(arguments), mapped = Run([.. arguments, "--no-prepack"]);

        Assert.Equal(Sids(packed), Sids(mapped));
        Assert.All([packed, mapped], answer =>
        {
            JsonElement memory = answer.GetProperty("memory_mb");
            Assert.InRange(memory.GetProperty("peak").GetDouble(), 20, 2000);
            if (OperatingSystem.IsLinux())
            {
                Assert.InRange(memory.GetProperty("anonymous").GetDouble(), 1, memory.GetProperty("peak").GetDouble());
            }
        });
    }

    [Fact]
    public void Recommend_List_EndsWithTheMemoryItNeeded()
    {
        string output = HostProcess.Succeed(HostProcess.Sidr("recommend", "--bundle", tiny.Bundle, "--history", "0,1,2"));

        Assert.Matches(@"\nmemory: [0-9]+ MB at most(, [0-9]+ MB anonymous now)?\n$", output.ReplaceLineEndings("\n"));
    }

    private static JsonElement Run(string[] arguments) => JsonDocument.Parse(HostProcess.Succeed(HostProcess.Sidr(arguments))).RootElement;

    private static string[] Sids(JsonElement answer) => [.. answer.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("sid").GetString()!)];
}
