using SIDReasoner.Export.Bundles;
using SIDReasoner.TestSupport;

namespace SIDReasoner.Runtime.Tests;

/// <summary>A random tiny model that spells text, exported with and without its catalogue once for a class of tests.</summary>
public sealed class TalkingBundle : IDisposable
{
    public TalkingBundle()
    {
        Checkpoint = RandomCheckpoint.CreateTalking(seed: 31);
        BundleExporter.Export(new BundleExportOptions { Checkpoint = Checkpoint.Folder, Catalog = Checkpoint.CatalogFolder, Output = Folder });
        BundleExporter.Export(new BundleExportOptions { Checkpoint = Checkpoint.Folder, Output = TextFolder });
    }

    public RandomCheckpoint Checkpoint { get; }

    public string Folder => Path.Combine(Checkpoint.Root, "bundle");

    public string TextFolder => Path.Combine(Checkpoint.Root, "text-bundle");

    public void Dispose() => Checkpoint.Dispose();
}
