using SIDReasoner.TestSupport;

namespace SIDReasoner.Runtime.Tests.Model;

/// <summary>What every session must do, on ONNX Runtime.</summary>
public sealed class OnnxDecoderSessionTests : DecoderSessionConformance
{
    protected override bool AllocatesNothing => true;

    protected override ISessionSource Load(string checkpointFolder, string catalogFolder) => new OnnxSessionSource(checkpointFolder, catalogFolder);
}
