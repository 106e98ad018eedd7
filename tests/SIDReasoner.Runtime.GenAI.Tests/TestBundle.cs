using SIDReasoner.Export.Bundles;
using SIDReasoner.Runtime.Bundles;
using SIDReasoner.Runtime.Model;
using SIDReasoner.TestSupport;

namespace SIDReasoner.Runtime.GenAI.Tests;

/// <summary>A checkpoint exported into a temporary bundle, and both engines over it.</summary>
internal sealed class TestBundle : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("sidr-genai-").FullName;

    public TestBundle(string checkpoint, string? catalog = null, Func<BundleExportOptions, BundleExportOptions>? change = null)
    {
        var options = new BundleExportOptions { Checkpoint = checkpoint, Catalog = catalog, Output = Path };
        BundleExporter.Export(change?.Invoke(options) ?? options);
        Bundle = Bundle.Open(Path);
    }

    public string Path => System.IO.Path.Combine(_folder, "bundle");

    public Bundle Bundle { get; }

    public static TestBundle Of(RandomCheckpoint checkpoint) => new(checkpoint.Folder, checkpoint.CatalogFolder);

    public GenAiEngine LoadGenAi(Func<GenAiEngineOptions, GenAiEngineOptions>? change = null)
    {
        var options = new GenAiEngineOptions { Threads = 1 };
        return GenAiEngine.Load(Bundle, change?.Invoke(options) ?? options);
    }

    public OnnxModel LoadOnnx() => OnnxModel.Load(Bundle, new OnnxModelOptions { Threads = 1 });

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
