using SIDReasoner.TestSupport;

namespace SIDReasoner.EndToEnd.Tests;

/// <summary>Bundles of a random tiny model that spells text: with a catalogue, and for text alone.</summary>
public sealed class TalkingBundle : IDisposable
{
    /// <summary>Makes checkpoint and catalogue and exports them twice.</summary>
    public TalkingBundle()
    {
        Checkpoint = RandomCheckpoint.CreateTalking(seed: 12);
        HostProcess.Succeed(HostProcess.Export("--checkpoint", Checkpoint.Folder, "--catalog", Checkpoint.CatalogFolder, "--out", Bundle));
        HostProcess.Succeed(HostProcess.Export("--checkpoint", Checkpoint.Folder, "--out", TextBundle));
    }

    /// <summary>The checkpoint and its catalogue.</summary>
    public RandomCheckpoint Checkpoint { get; }

    /// <summary>The bundle with a catalogue.</summary>
    public string Bundle => Path.Combine(Checkpoint.Root, "bundle");

    /// <summary>The bundle for text alone.</summary>
    public string TextBundle => Path.Combine(Checkpoint.Root, "text-bundle");

    /// <summary>A new empty folder that lives as long as the bundle.</summary>
    public string NewFolder() => Directory.CreateDirectory(Path.Combine(Checkpoint.Root, Guid.NewGuid().ToString("N"))).FullName;

    /// <inheritdoc/>
    public void Dispose() => Checkpoint.Dispose();
}
