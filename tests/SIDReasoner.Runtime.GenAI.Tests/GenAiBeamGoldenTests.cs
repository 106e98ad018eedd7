using SIDReasoner.TestSupport;

namespace SIDReasoner.Runtime.GenAI.Tests;

/// <summary>Constrained beams of transformers, inside a GenAI generator.</summary>
public sealed class GenAiBeamGoldenTests : BeamGoldenTestsBase
{
    protected override ISessionSource Load(string checkpointFolder, string catalogFolder) => new GenAiSessionSource(checkpointFolder, catalogFolder);
}
