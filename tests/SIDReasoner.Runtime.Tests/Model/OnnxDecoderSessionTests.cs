using SIDReasoner.TestSupport;
using Xunit;

namespace SIDReasoner.Runtime.Tests.Model;

/// <summary>What every session must do, on ONNX Runtime, and that it leaves the managed heap still.</summary>
public sealed class OnnxDecoderSessionTests : DecoderSessionConformance
{
    [Fact]
    public void Requests_FromTheSecondOn_AllocateNothing() => AssertRequestsAllocateNothing();

    protected override ISessionSource Load(string checkpointFolder, string catalogFolder) => new OnnxSessionSource(checkpointFolder, catalogFolder);
}
