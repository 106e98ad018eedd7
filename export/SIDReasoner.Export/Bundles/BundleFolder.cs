using SIDReasoner.Core;
using SIDReasoner.Core.Bundles;

namespace SIDReasoner.Export.Bundles;

/// <summary>A bundle in the making: a folder under a temporary name that takes the final one when all of it is there.</summary>
internal sealed class BundleFolder : IDisposable
{
    private readonly string _output;
    private bool _isCommitted;

    private BundleFolder(string output)
    {
        _output = output;
        TemporaryPath = $"{output}.{Guid.NewGuid():N}.tmp";
    }

    /// <summary>Where files are written until <see cref="Commit"/>.</summary>
    public string TemporaryPath { get; }

    /// <summary>Begins a bundle.</summary>
    /// <exception cref="SidReasonerException">Something other than a bundle is in the way.</exception>
    public static BundleFolder Create(string output)
    {
        output = System.IO.Path.TrimEndingDirectorySeparator(System.IO.Path.GetFullPath(output));
        if (File.Exists(output))
            throw new SidReasonerException($"--out '{output}' is a file; expected a folder to make.");
        if (Directory.Exists(output) && Directory.EnumerateFileSystemEntries(output).Any() && !File.Exists(System.IO.Path.Combine(output, BundleManifest.FileName)))
        {
            throw new SidReasonerException(
                $"--out '{output}' has files in it and no {BundleManifest.FileName}, so it is no bundle to replace. Name a new or an empty folder.");
        }

        var folder = new BundleFolder(output);
        Directory.CreateDirectory(folder.TemporaryPath);
        return folder;
    }

    /// <summary>Full path of a file of the bundle.</summary>
    public string Path(string name) => System.IO.Path.Combine(TemporaryPath, name);

    /// <summary>Puts the bundle in its place. An older bundle there goes when the new one stands.</summary>
    public void Commit()
    {
        if (!Directory.Exists(_output))
        {
            Directory.Move(TemporaryPath, _output);
        }
        else
        {
            var old = $"{_output}.{Guid.NewGuid():N}.old";
            Directory.Move(_output, old);
            try
            {
                Directory.Move(TemporaryPath, _output);
            }
            catch
            {
                Directory.Move(old, _output);
                throw;
            }

            Directory.Delete(old, recursive: true);
        }

        _isCommitted = true;
    }

    /// <summary>Removes the temporary folder of a bundle that was not finished.</summary>
    public void Dispose()
    {
        if (!_isCommitted && Directory.Exists(TemporaryPath))
            Directory.Delete(TemporaryPath, recursive: true);
    }
}
