using SIDReasoner.TestSupport;

namespace SIDReasoner.Train.Tests.Model;

/// <summary>Greedy text and thinking of transformers, in TorchSharp.</summary>
public sealed class TorchTextGoldenTests : TextGoldenTestsBase
{
    protected override ISessionSource Load(string checkpointFolder, string catalogFolder) => new TorchSessionSource(checkpointFolder);
}
