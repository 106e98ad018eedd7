using Microsoft.ML.OnnxRuntime;

namespace SIDReasoner.Runtime.Model;

/// <summary>A LoRA adapter in memory, and the options under which a run applies it. Shared by all sessions that do.</summary>
internal sealed class OnnxAdapter : IDisposable
{
    private readonly OrtLoraAdapter _adapter;
    private readonly RunOptions _options = new();

    /// <summary>Maps an adapter's file.</summary>
    public OnnxAdapter(string name, string path)
    {
        Name = name;
        _adapter = OrtLoraAdapter.Create(path, null);
        _options.AddActiveLoraAdapter(_adapter);
    }

    /// <summary>Its name in the bundle.</summary>
    public string Name { get; }

    /// <summary>Native run options, for as long as this lives.</summary>
    public nint RunOptions => _options.DangerousGetHandle();

    /// <inheritdoc/>
    public void Dispose()
    {
        _options.Dispose();
        _adapter.Dispose();
    }
}
