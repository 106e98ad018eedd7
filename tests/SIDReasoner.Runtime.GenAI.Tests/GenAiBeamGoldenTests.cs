using SIDReasoner.TestSupport;

namespace SIDReasoner.Runtime.GenAI.Tests;

/// <summary>Constrained beams of transformers, inside a GenAI generator.</summary>
public sealed class GenAiBeamGoldenTests : BeamGoldenTestsBase
{
    protected override ISessionSource Load(PreparedCase prepared) => new GenAiSessionSource(prepared.CheckpointFolder, prepared.CatalogFolder, prepared.ReferenceEnd);
}
