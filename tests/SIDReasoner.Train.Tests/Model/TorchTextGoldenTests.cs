using SIDReasoner.TestSupport;

namespace SIDReasoner.Train.Tests.Model;

/// <summary>Greedy text and thinking of transformers, in TorchSharp.</summary>
public sealed class TorchTextGoldenTests : TextGoldenTestsBase
{
    protected override ISessionSource Load(PreparedCase prepared) => new TorchSessionSource(prepared.CheckpointFolder, prepared.ReferenceEnd);
}
