using SIDReasoner.TestSupport;

namespace SIDReasoner.Runtime.Tests.Model;

/// <summary>Greedy text and thinking of transformers, on ONNX Runtime.</summary>
public sealed class OnnxTextGoldenTests : TextGoldenTestsBase
{
    protected override ISessionSource Load(string checkpointFolder, string catalogFolder) => new OnnxSessionSource(checkpointFolder, catalogFolder);
}
