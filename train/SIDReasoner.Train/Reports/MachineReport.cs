using System.Runtime.InteropServices;

namespace SIDReasoner.Train.Reports;

/// <summary>A machine.</summary>
/// <param name="Processor">Its name.</param>
/// <param name="Cores">Logical cores.</param>
/// <param name="System">Operating system.</param>
/// <param name="Runtime">.NET's version.</param>
public sealed record MachineReport(string Processor, int Cores, string System, string Runtime)
{
    private const string CpuInfo = "/proc/cpuinfo";

    /// <summary>The machine this runs on.</summary>
    /// <returns>Its description.</returns>
    public static MachineReport Current()
    {
        string? name = File.Exists(CpuInfo)
            ? File.ReadLines(CpuInfo).FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal))?.Split(':', 2)[1].Trim()
            : null;
        return new MachineReport(name ?? RuntimeInformation.ProcessArchitecture.ToString(), Environment.ProcessorCount, RuntimeInformation.OSDescription, RuntimeInformation.FrameworkDescription);
    }
}
