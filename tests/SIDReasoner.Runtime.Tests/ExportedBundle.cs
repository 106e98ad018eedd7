using SIDReasoner.Export.Bundles;
using SIDReasoner.TestSupport;

namespace SIDReasoner.Runtime.Tests;

/// <summary>A random tiny recommender, exported once for a class of tests.</summary>
public sealed class ExportedBundle : IDisposable
{
    public ExportedBundle()
    {
        Checkpoint = RandomCheckpoint.Create("qwen3-tied", seed: 21);
        BundleExporter.Export(new BundleExportOptions { Checkpoint = Checkpoint.Folder, Catalog = Checkpoint.CatalogFolder, Output = Folder, ReferenceEnd = [7, 2] });
    }

    public RandomCheckpoint Checkpoint { get; }

    public string Folder => Path.Combine(Checkpoint.Root, "bundle");

    public void Dispose() => Checkpoint.Dispose();
}
