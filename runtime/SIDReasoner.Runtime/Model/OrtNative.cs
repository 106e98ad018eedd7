using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime;

namespace SIDReasoner.Runtime.Model;

/// <summary>The three calls of ONNX Runtime's C API that a decode step makes, through function pointers: the managed ones allocate on every call.</summary>
/// <remarks>The table's order is part of that API's promise: entries are only ever appended (onnxruntime_c_api.h, struct OrtApi).</remarks>
internal static unsafe partial class OrtNative
{
    private const uint ApiVersion = 20;
    private const int GetErrorMessageIndex = 2;
    private const int RunIndex = 9;
    private const int CreateTensorIndex = 49;
    private const int CreateCpuMemoryInfoIndex = 69;
    private const int ReleaseStatusIndex = 93;
    private const int ReleaseValueIndex = 96;
    private const int DeviceAllocator = 0;
    private const int DefaultMemory = 0;

    private static readonly nint* s_api = Api();
    private static readonly nint s_cpuMemory = CpuMemory();

    /// <summary>Element types by ONNX Runtime's numbers.</summary>
    public enum ElementType
    {
        /// <summary>float32.</summary>
        Float = 1,

        /// <summary>int64.</summary>
        Int64 = 7,
    }

    /// <summary>Makes a tensor over memory of the caller, which must outlive it.</summary>
    public static nint CreateTensor(void* data, long bytes, ReadOnlySpan<long> shape, ElementType type)
    {
        var create = (delegate* unmanaged<nint, void*, nuint, long*, nuint, int, nint*, nint>)s_api[CreateTensorIndex];
        nint value;
        fixed (long* dimensions = shape)
            ThrowIfFailed(create(s_cpuMemory, data, (nuint)bytes, dimensions, (nuint)shape.Length, (int)type, &value));
        return value;
    }

    /// <summary>Releases a tensor; its memory stays the caller's. Zero is ignored.</summary>
    public static void Release(nint value)
    {
        if (value != 0)
            ((delegate* unmanaged<nint, void>)s_api[ReleaseValueIndex])(value);
    }

    /// <summary>Runs a session, with run options or 0 for none. Names are UTF-8 with a final zero; outputs are tensors of the right shape to be filled.</summary>
    /// <exception cref="OnnxRuntimeCallException">The run failed.</exception>
    public static void Run(nint session, nint options, byte** inputNames, nint* inputs, int inputCount, byte** outputNames, int outputCount, nint* outputs)
    {
        var run = (delegate* unmanaged<nint, nint, byte**, nint*, nuint, byte**, nuint, nint*, nint>)s_api[RunIndex];
        ThrowIfFailed(run(session, options, inputNames, inputs, (nuint)inputCount, outputNames, (nuint)outputCount, outputs));
    }

    /// <summary>The native session behind a managed one, which stays its owner.</summary>
    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "get_Handle")]
    public static extern nint HandleOf(InferenceSession session);

    private static void ThrowIfFailed(nint status)
    {
        if (status == 0)
            return;
        var text = Marshal.PtrToStringUTF8((nint)((delegate* unmanaged<nint, byte*>)s_api[GetErrorMessageIndex])(status)) ?? "unknown error";
        ((delegate* unmanaged<nint, void>)s_api[ReleaseStatusIndex])(status);
        throw new OnnxRuntimeCallException(text);
    }

    private static nint* Api()
    {
        _ = OrtEnv.Instance();
        var getApi = (delegate* unmanaged<uint, nint*>)(*(nint*)GetApiBase());
        var api = getApi(ApiVersion);
        return api != null ? api : throw new OnnxRuntimeCallException($"The loaded ONNX Runtime does not offer version {ApiVersion} of its C API; this program needs 1.{ApiVersion} or newer.");
    }

    private static nint CpuMemory()
    {
        var create = (delegate* unmanaged<int, int, nint*, nint>)s_api[CreateCpuMemoryInfoIndex];
        nint info;
        ThrowIfFailed(create(DeviceAllocator, DefaultMemory, &info));
        return info;
    }

    [LibraryImport("onnxruntime", EntryPoint = "OrtGetApiBase")]
    private static partial nint GetApiBase();
}
