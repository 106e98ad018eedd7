using System.Reflection;
using Microsoft.ML.OnnxRuntime;
using Xunit;

namespace SIDReasoner.Runtime.GenAI.Tests;

/// <summary>What the build put beside the program, for the accelerator that it was built with (./build.sh cuda runs these once more).</summary>
public sealed class OutputTests
{
    private static readonly string s_accelerator = Metadata("Accelerator");

    [Fact]
    public void Core_ThisAccelerators_IsTheOneThatLoads()
    {
        var providers = OrtEnv.Instance().GetAvailableProviders();

        Assert.Contains("CPUExecutionProvider", providers);
        Assert.Equal(s_accelerator == "cuda", providers.Contains("CUDAExecutionProvider"));
        Assert.Equal(s_accelerator == "cuda" ? "1.31.0" : "1.31.1", OrtEnv.Instance().GetVersionString());
    }

    [Fact]
    public void Core_Folder_HoldsOneOfIt()
    {
        var cores = Directory.GetFiles(AppContext.BaseDirectory, "libonnxruntime.so*", SearchOption.AllDirectories);
        var providers = Directory.GetFiles(AppContext.BaseDirectory, "libonnxruntime_providers_cuda.so", SearchOption.AllDirectories);

        Assert.Single(cores);
        Assert.Equal(s_accelerator == "cuda" ? 1 : 0, providers.Length);
    }

    [Fact]
    public void AddOn_CudaOfGenAi_IsThereWhereItWasAskedFor()
    {
        var addOn = Directory.GetFiles(AppContext.BaseDirectory, "libonnxruntime-genai-cuda.so", SearchOption.AllDirectories);

        Assert.Equal(s_accelerator == "cuda" && Metadata("GenAiCudaAddOn") == "true" ? 1 : 0, addOn.Length);
    }

    [SkippableFact]
    public void Files_OfOtherPlatforms_AreNotThere()
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "Names the files of other platforms than Linux.");

        var files = Directory.GetFiles(AppContext.BaseDirectory, "*", SearchOption.AllDirectories).Select(path => Path.GetRelativePath(AppContext.BaseDirectory, path)).ToList();

        Assert.DoesNotContain(files, file => Path.GetFileName(file) is "onnxruntime.dll" or "onnxruntime-genai.dll" or "onnxruntime_providers_shared.dll");
        Assert.DoesNotContain(files, file => file.StartsWith("runtimes/win", StringComparison.Ordinal) && !file.Contains("/lib/", StringComparison.Ordinal));
        Assert.DoesNotContain(files, file => file.EndsWith(".dylib", StringComparison.Ordinal) || file.EndsWith(".lib", StringComparison.Ordinal));
    }

    private static string Metadata(string key) =>
        typeof(OutputTests).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(data => data.Key == key).Value!;
}
