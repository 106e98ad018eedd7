using SIDReasoner.TestSupport;

namespace SIDReasoner.Train.Tests.Model;

/// <summary>What every session must do, in TorchSharp.</summary>
public sealed class TorchDecoderSessionTests : DecoderSessionConformance
{
    protected override ISessionSource Load(string checkpointFolder, string catalogFolder) => new TorchSessionSource(checkpointFolder);
}
