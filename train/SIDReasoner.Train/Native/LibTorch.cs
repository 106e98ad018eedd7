using System.Runtime.InteropServices;

namespace SIDReasoner.Train.Native;

/// <summary>Process-wide settings of libtorch that have to be made before its first use.</summary>
/// <remarks>Call <see cref="Start"/> once, from the thread that computes, before anything of TorchSharp is touched. Not thread-safe.</remarks>
public static partial class LibTorch
{
    private static bool s_started;

    /// <summary>Loads libtorch with the thread count and waiting policy of this process. Later calls change the thread count only.</summary>
    /// <param name="threads">Threads of one operation; 0 = one a core (libtorch's default).</param>
    /// <param name="dedicated">
    /// True on a machine that runs nothing else: waiting threads spin, which is about a quarter faster there and collapses beside another
    /// busy process. False (default): they sleep (OMP_WAIT_POLICY=PASSIVE). A value that is set in the environment wins.
    /// </param>
    public static void Start(int threads, bool dedicated = false)
    {
        if (!s_started && !dedicated && OperatingSystem.IsLinux() && Environment.GetEnvironmentVariable("OMP_WAIT_POLICY") is null)
        {
            // Environment.SetEnvironmentVariable does not reach native code, and libgomp reads the variable when it is loaded.
            _ = setenv("OMP_WAIT_POLICY", "PASSIVE", 1);
        }

        s_started = true;
        TorchSharp.torch.InitializeDeviceType(TorchSharp.DeviceType.CPU);
        if (threads > 0)
        {
            TorchSharp.torch.set_num_threads(threads);
        }
    }

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int setenv(string name, string value, int overwrite);
}
