using SIDReasoner.Core.Checkpoints;
using SIDReasoner.Decoding;
using SIDReasoner.TestSupport;
using SIDReasoner.Train.Model;

namespace SIDReasoner.Train.Tests.Model;

/// <summary>Sessions of one checkpoint in TorchSharp.</summary>
internal sealed class TorchSessionSource : ISessionSource
{
    private const int Capacity = 512;
    private const int BeamRows = 1024;

    private readonly CheckpointFolder _folder;
    private readonly DecoderModel _model;

    private readonly int[]? _referenceEnd;

    public TorchSessionSource(string checkpointFolder, int[]? referenceEnd = null)
    {
        _referenceEnd = referenceEnd;
        _folder = CheckpointFolder.Open(checkpointFolder);
        _model = DecoderModel.Load(_folder);
    }

    public IDecoderSession CreateSession() => new TorchDecoderSession(_model, _folder.Manifest!.SidTokenIds, Capacity, BeamRows, _referenceEnd);

    public void Dispose()
    {
        _model.Dispose();
        _folder.Dispose();
    }
}
