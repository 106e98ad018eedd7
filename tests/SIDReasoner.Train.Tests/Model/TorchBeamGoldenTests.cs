using SIDReasoner.TestSupport;

namespace SIDReasoner.Train.Tests.Model;

/// <summary>Constrained beams of transformers, in TorchSharp.</summary>
public sealed class TorchBeamGoldenTests : BeamGoldenTestsBase
{
    protected override ISessionSource Load(PreparedCase prepared) => new TorchSessionSource(prepared.CheckpointFolder, prepared.ReferenceEnd);
}
