using System.Text.Json;
using SIDReasoner.Core.SemanticIds;
using SIDReasoner.TestSupport;
using Xunit;

namespace SIDReasoner.Core.Tests.SemanticIds;

public class SidVocabularyGoldenTests
{
    public static TheoryData<string> Models => GoldenCases.Folders("hf/models/*");

    [SkippableTheory]
    [MemberData(nameof(Models))]
    public void Append_GoldenTokens_GivesThePythonIds(string folder)
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(GoldenCases.Require(folder), "ids.json")));
        var expected = document.RootElement.GetProperty("sid_tokens").EnumerateObject().ToDictionary(entry => entry.Name, entry => entry.Value.GetInt32());

        var vocabulary = SidVocabulary.Append(expected.Keys.Select(token => new SemanticId([token])), expected.Values.Min());

        foreach (var (token, id) in expected)
        {
            Assert.True(vocabulary.TryGetId(token, out var found));
            Assert.Equal(id, found);
        }
    }
}
