using SIDReasoner.Decoding;
using SIDReasoner.Export.Bundles;
using SIDReasoner.Runtime.Bundles;
using SIDReasoner.Runtime.Model;
using SIDReasoner.TestSupport;

namespace SIDReasoner.Runtime.Tests.Model;

/// <summary>A checkpoint exported into a temporary bundle and loaded.</summary>
internal sealed class OnnxSessionSource : ISessionSource
{
    private readonly string _folder = Directory.CreateTempSubdirectory("sidr-bundle-").FullName;

    public OnnxSessionSource(string checkpoint, string? catalog = null, Func<BundleExportOptions, BundleExportOptions>? change = null)
    {
        try
        {
            var options = new BundleExportOptions { Checkpoint = checkpoint, Catalog = catalog, Output = Path.Combine(_folder, "bundle") };
            BundleExporter.Export(change?.Invoke(options) ?? options);
            Bundle = Bundle.Open(Path.Combine(_folder, "bundle"));
            Model = OnnxModel.Load(Bundle, new OnnxModelOptions { Threads = 1, ForcePrecision = true });
        }
        catch
        {
            // Nobody gets anything to dispose of.
            Directory.Delete(_folder, recursive: true);
            throw;
        }
    }

    public Bundle Bundle { get; }

    public OnnxModel Model { get; }

    public IDecoderSession CreateSession() => Model.CreateSession();

    public void Dispose()
    {
        Model.Dispose();
        Directory.Delete(_folder, recursive: true);
    }
}
