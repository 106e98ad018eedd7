using SIDReasoner.TestSupport;

namespace SIDReasoner.Runtime.GenAI.Tests;

/// <summary>Greedy text and thinking of transformers, inside a GenAI generator.</summary>
public sealed class GenAiTextGoldenTests : TextGoldenTestsBase
{
    protected override ISessionSource Load(string checkpointFolder, string catalogFolder) => new GenAiSessionSource(checkpointFolder, catalogFolder);
}
