using SIDReasoner.TestSupport;

namespace SIDReasoner.Runtime.Tests.Model;

/// <summary>Greedy text and thinking of transformers, on ONNX Runtime.</summary>
public sealed class OnnxTextGoldenTests : TextGoldenTestsBase
{
    protected override ISessionSource Load(PreparedCase prepared) => new OnnxSessionSource(prepared.CheckpointFolder, prepared.CatalogFolder, o => o with { ReferenceEnd = prepared.ReferenceEnd });
}
