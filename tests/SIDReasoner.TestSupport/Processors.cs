using System.Runtime.InteropServices;
using Xunit;

namespace SIDReasoner.TestSupport;

/// <summary>What this machine's processor can do, as the operating system lists it.</summary>
public static class Processors
{
    /// <summary>Whether int8 runs unforced: on Arm always, on x86 with AVX-512 VNNI or AVX-VNNI.</summary>
    public static bool HasInt8Dot { get; } = RuntimeInformation.ProcessArchitecture == Architecture.Arm64 || HasVnniFlag();

    /// <summary>Skips a test of int8 where it runs only by force.</summary>
    public static void RequireInt8Dot() =>
        Skip.IfNot(HasInt8Dot, "This processor has neither AVX-512 VNNI nor AVX-VNNI, so int8 is refused.");

    private static bool HasVnniFlag() =>
        File.Exists("/proc/cpuinfo")
        && File.ReadLines("/proc/cpuinfo").FirstOrDefault(line => line.StartsWith("flags", StringComparison.Ordinal)) is { } flags
        && flags.Split(' ').Any(flag => flag is "avx512_vnni" or "avx_vnni");
}
