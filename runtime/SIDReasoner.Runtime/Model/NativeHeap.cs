using System.Runtime.InteropServices;

namespace SIDReasoner.Runtime.Model;

/// <summary>Gives the C library's free memory back to the system: glibc keeps what is freed between blocks still in use, which after a model can be all of its weights.</summary>
internal static partial class NativeHeap
{
    /// <summary>Trims; does nothing where the C library has no such call.</summary>
    public static void Trim()
    {
        if (!OperatingSystem.IsLinux())
            return;
        try
        {
            _ = TrimNative(0);
        }
        catch (Exception error) when (error is EntryPointNotFoundException or DllNotFoundException)
        {
            // Another C library than glibc, such as musl.
        }
    }

    [LibraryImport("libc", EntryPoint = "malloc_trim")]
    private static partial int TrimNative(nuint kept);
}
