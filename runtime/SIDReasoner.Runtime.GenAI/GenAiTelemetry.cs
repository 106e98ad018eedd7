using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using SIDReasoner.Runtime.Model;

namespace SIDReasoner.Runtime.GenAI;

/// <summary>Keeps the telemetry of ONNX Runtime GenAI off, which like ONNX Runtime's is on by default and stops at the native environment variable alone.</summary>
internal static class GenAiTelemetry
{
    /// <summary>Sets the variable as this assembly loads, before the first call into GenAI.</summary>
    [ModuleInitializer]
    [SuppressMessage("Usage", "CA2255:The 'ModuleInitializer' attribute should not be used in libraries", Justification = "It must run before anyone's first call into GenAI.")]
    public static void Disable() => OnnxTelemetry.Disable();
}
