using SIDReasoner.TestSupport;

namespace SIDReasoner.Runtime.Tests.Model;

/// <summary>Constrained beams of transformers, on ONNX Runtime.</summary>
public sealed class OnnxBeamGoldenTests : BeamGoldenTestsBase
{
    protected override ISessionSource Load(string checkpointFolder, string catalogFolder) => new OnnxSessionSource(checkpointFolder, catalogFolder);
}
