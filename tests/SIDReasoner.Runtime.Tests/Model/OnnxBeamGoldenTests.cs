using SIDReasoner.TestSupport;

namespace SIDReasoner.Runtime.Tests.Model;

/// <summary>Constrained beams of transformers, on ONNX Runtime.</summary>
public sealed class OnnxBeamGoldenTests : BeamGoldenTestsBase
{
    protected override ISessionSource Load(PreparedCase prepared) => new OnnxSessionSource(prepared.CheckpointFolder, prepared.CatalogFolder, o => o with { ReferenceEnd = prepared.ReferenceEnd });
}
