using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace SIDReasoner.Runtime.Model;

/// <summary>Keeps ONNX Runtime's telemetry off: it is on by default and only the native environment variable stops it.</summary>
/// <remarks>
/// .NET's own Environment.SetEnvironmentVariable does not reach native code on Unix, and ONNX Runtime reads the variable once, so the
/// initializer runs as the assembly loads, before the first call.
/// </remarks>
internal static partial class OnnxTelemetry
{
    private const string Variable = "ORT_DISABLE_TELEMETRY";
    private const string Off = "1";

    /// <summary>Sets the variable in the native environment.</summary>
    [ModuleInitializer]
    [SuppressMessage("Usage", "CA2255:The 'ModuleInitializer' attribute should not be used in libraries", Justification = "It must run before anyone's first call into ONNX Runtime.")]
    public static void Disable()
    {
        Environment.SetEnvironmentVariable(Variable, Off);
        if (!OperatingSystem.IsWindows())
            _ = SetNative(Variable, Off, overwrite: 1);
    }

    [LibraryImport("libc", EntryPoint = "setenv", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int SetNative(string name, string value, int overwrite);
}
