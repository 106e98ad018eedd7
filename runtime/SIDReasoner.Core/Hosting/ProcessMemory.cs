using System.Diagnostics;
using System.Globalization;

namespace SIDReasoner.Core.Hosting;

/// <summary>The kernel's figures of this process's memory, as hosts print them.</summary>
/// <param name="PeakResidentBytes">The most that was in memory at once since the process began, files mapped into it included.</param>
/// <param name="AnonymousBytes">What is in memory now and belongs to no file; null where the system does not say.</param>
public readonly record struct ProcessMemory(long PeakResidentBytes, long? AnonymousBytes)
{
    private const string StatusFile = "/proc/self/status";

    /// <summary>Looks now.</summary>
    public static ProcessMemory Read()
    {
        if (!File.Exists(StatusFile))
        {
            using var process = Process.GetCurrentProcess();
            return new ProcessMemory(process.PeakWorkingSet64, null);
        }

        var lines = File.ReadAllLines(StatusFile);
        return new ProcessMemory(Bytes(lines, "VmHWM:") ?? 0, Bytes(lines, "RssAnon:"));
    }

    /// <summary>In one phrase, such as "memory: 96 MB at most, 61 MB anonymous now".</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"memory: {Megabytes(PeakResidentBytes):F0} MB at most{(AnonymousBytes is { } anonymous ? $", {Megabytes(anonymous):F0} MB anonymous now" : "")}");

    /// <summary>Megabytes of 2^20.</summary>
    public static double Megabytes(long bytes) => bytes / 1048576.0;

    private static long? Bytes(string[] lines, string name) =>
        lines.FirstOrDefault(line => line.StartsWith(name, StringComparison.Ordinal)) is { } line
            ? long.Parse(line[name.Length..].Replace("kB", "", StringComparison.Ordinal).Trim(), CultureInfo.InvariantCulture) * 1024
            : null;
}
