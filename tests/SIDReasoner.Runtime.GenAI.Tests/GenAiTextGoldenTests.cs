using SIDReasoner.TestSupport;

namespace SIDReasoner.Runtime.GenAI.Tests;

/// <summary>Greedy text and thinking of transformers, inside a GenAI generator.</summary>
public sealed class GenAiTextGoldenTests : TextGoldenTestsBase
{
    protected override ISessionSource Load(PreparedCase prepared) => new GenAiSessionSource(prepared.CheckpointFolder, prepared.CatalogFolder, prepared.ReferenceEnd);
}
