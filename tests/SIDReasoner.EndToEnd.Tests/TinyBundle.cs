using SIDReasoner.TestSupport;

namespace SIDReasoner.EndToEnd.Tests;

/// <summary>A bundle of a random tiny model, exported once for all tests that only need one to be there.</summary>
public sealed class TinyBundle : IDisposable
{
    /// <summary>Makes checkpoint and catalogue and exports them.</summary>
    public TinyBundle()
    {
        Checkpoint = RandomCheckpoint.Create("qwen3-tied", seed: 11);
        HostProcess.Succeed(HostProcess.Export("--checkpoint", Checkpoint.Folder, "--catalog", Checkpoint.CatalogFolder, "--out", Bundle, "--reference-end", "7,2"));
    }

    /// <summary>The checkpoint and its catalogue.</summary>
    public RandomCheckpoint Checkpoint { get; }

    /// <summary>The bundle's folder.</summary>
    public string Bundle => Path.Combine(Checkpoint.Root, "bundle");

    /// <summary>A new empty folder that lives as long as the bundle.</summary>
    public string NewFolder() => Directory.CreateDirectory(Path.Combine(Checkpoint.Root, Guid.NewGuid().ToString("N"))).FullName;

    /// <inheritdoc/>
    public void Dispose() => Checkpoint.Dispose();
}
