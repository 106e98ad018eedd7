using System.Runtime.InteropServices;

namespace SIDReasoner.Export.Bundles;

/// <summary>Puts a file into a bundle without doubling its bytes where the file system allows.</summary>
internal static partial class FileLink
{
    /// <summary>Makes a hard link, or a copy where that is impossible (another disk, a file system without links, Windows).</summary>
    /// <remarks>
    /// ONNX Runtime refuses weights behind a symbolic link that leaves the model's folder, as a hub cache has them; so the link's
    /// final target is what gets linked.
    /// </remarks>
    public static void LinkOrCopy(string source, string destination)
    {
        var target = File.ResolveLinkTarget(source, returnFinalTarget: true)?.FullName ?? source;
        if (OperatingSystem.IsWindows() || Link(target, destination) != 0)
            File.Copy(target, destination);
    }

    [LibraryImport("libc", EntryPoint = "link", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Link(string existing, string created);
}
