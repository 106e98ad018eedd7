using LLama.Native;

namespace SIDReasoner.Benchmarks.Decoders.Llama;

/// <summary>A GGUF file in llama.cpp, in this process (LLamaSharp).</summary>
public sealed class LlamaModel : IDisposable
{
    // The library's own look-up is registered with its first call through NativeApi.
    static LlamaModel()
    {
        NativeLibraryConfig.All.WithLogCallback((_, _) => { });
        NativeApi.llama_empty_call();
    }

    /// <summary>Loads a file, mapped, on the CPU, with llama.cpp's own repacked layouts.</summary>
    /// <param name="path">The file.</param>
    /// <param name="threads">Threads of a run.</param>
    public LlamaModel(string path, int threads)
    {
        LLamaModelParams parameters = LLamaModelParams.Default();
        parameters.n_gpu_layers = 0;
        Handle = SafeLlamaModelHandle.LoadFromFile(path, parameters);
        Threads = threads;
    }

    /// <summary>llama.cpp's own description of itself: instruction sets and parts that were built in.</summary>
    public static string SystemInfo => System.Runtime.InteropServices.Marshal.PtrToStringUTF8(NativeApi.llama_print_system_info()) ?? "";

    /// <summary>Threads of a run.</summary>
    public int Threads { get; }

    internal SafeLlamaModelHandle Handle { get; }

    /// <inheritdoc/>
    public void Dispose() => Handle.Dispose();
}
