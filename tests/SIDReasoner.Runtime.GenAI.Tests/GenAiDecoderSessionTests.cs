using SIDReasoner.TestSupport;

namespace SIDReasoner.Runtime.GenAI.Tests;

/// <summary>What every session must do, inside a GenAI generator.</summary>
public sealed class GenAiDecoderSessionTests : DecoderSessionConformance
{
    protected override ISessionSource Load(string checkpointFolder, string catalogFolder) => new GenAiSessionSource(checkpointFolder, catalogFolder);
}
