using SIDReasoner.Decoding;
using SIDReasoner.TestSupport;

namespace SIDReasoner.Runtime.GenAI.Tests;

/// <summary>A checkpoint exported into a temporary bundle and loaded into GenAI.</summary>
internal sealed class GenAiSessionSource : ISessionSource
{
    private readonly TestBundle _bundle;
    private readonly GenAiEngine _engine;

    public GenAiSessionSource(string checkpoint, string catalog, int[]? referenceEnd = null)
    {
        _bundle = new TestBundle(checkpoint, catalog, options => options with { ReferenceEnd = referenceEnd });
        _engine = _bundle.LoadGenAi();
    }

    public IDecoderSession CreateSession() => _engine.CreateSession();

    public void Dispose()
    {
        _engine.Dispose();
        _bundle.Dispose();
    }
}
