using System.Diagnostics;
using System.Text.Json;

namespace SIDReasoner.Architecture.Tests;

/// <summary>Which packages a project takes under Accelerator = cpu or cuda, as MSBuild evaluates it; nothing is restored or downloaded.</summary>
public class AcceleratorTests
{
    private const string Train = "train/SIDReasoner.Train/SIDReasoner.Train.csproj";
    private const string Runtime = "runtime/SIDReasoner.Runtime/SIDReasoner.Runtime.csproj";
    private const string GenAi = "runtime/SIDReasoner.Runtime.GenAI/SIDReasoner.Runtime.GenAI.csproj";

    [Fact]
    public void Train_Cpu_TakesTheCpuLibrariesOfThisPlatformAlone()
    {
        Dictionary<string, string> packages = Evaluate(Train, "-p:Accelerator=cpu");

        Assert.Contains("TorchSharp", packages);
        Assert.Contains("libtorch-cpu-linux-x64", packages);
        Assert.DoesNotContain(packages.Keys, name => name.Contains("cuda", StringComparison.OrdinalIgnoreCase) || name == "TorchSharp-cpu");
    }

    [Fact]
    public void Train_Cuda_TakesTheCudaBundle()
    {
        Dictionary<string, string> packages = Evaluate(Train, "-p:Accelerator=cuda");

        Assert.Contains("TorchSharp-cuda-linux", packages);
        Assert.DoesNotContain("libtorch-cpu-linux-x64", packages);
    }

    [Fact]
    public void Train_CudaWithoutTorchCuda_FallsBackToTheCpuLibraries()
    {
        Dictionary<string, string> packages = Evaluate(Train, "-p:Accelerator=cuda -p:TorchCuda=false");

        Assert.Contains("libtorch-cpu-linux-x64", packages);
        Assert.DoesNotContain("TorchSharp-cuda-linux", packages);
    }

    [Fact]
    public void Runtime_Cpu_LeavesWindowsFilesOut()
    {
        Dictionary<string, string> packages = Evaluate(Runtime, "-p:Accelerator=cpu");

        Assert.Equal("build", packages["Microsoft.ML.OnnxRuntime"]);
        Assert.DoesNotContain("Microsoft.ML.OnnxRuntime.Gpu.Linux", packages);
    }

    [Fact]
    public void Runtime_Cuda_TakesTheGpuCoreAndNeverTheCpuCore()
    {
        Dictionary<string, string> packages = Evaluate(Runtime, "-p:Accelerator=cuda");

        Assert.Contains("Microsoft.ML.OnnxRuntime.Gpu.Linux", packages);
        Assert.Equal("all", packages["Microsoft.ML.OnnxRuntime"]);
    }

    [Fact]
    public void GenAi_Cpu_LeavesWindowsFilesAndTheAddOnOut()
    {
        Dictionary<string, string> packages = Evaluate(GenAi, "-p:Accelerator=cpu");

        Assert.Equal("build", packages["Microsoft.ML.OnnxRuntimeGenAI"]);
        Assert.DoesNotContain("Microsoft.ML.OnnxRuntimeGenAI.Cuda", packages);
    }

    [Fact]
    public void GenAi_Cuda_TakesTheAddOn()
    {
        Dictionary<string, string> packages = Evaluate(GenAi, "-p:Accelerator=cuda");

        Assert.Equal("build", packages["Microsoft.ML.OnnxRuntimeGenAI.Cuda"]);
        Assert.Equal("build", packages["Microsoft.ML.OnnxRuntimeGenAI"]);
        Assert.Equal("all", packages["Microsoft.ML.OnnxRuntime"]);
    }

    [Fact]
    public void GenAi_CudaWithoutTheAddOn_TakesTheRest()
    {
        Dictionary<string, string> packages = Evaluate(GenAi, "-p:Accelerator=cuda -p:GenAiCudaAddOn=false");

        Assert.Contains("Microsoft.ML.OnnxRuntimeGenAI", packages);
        Assert.DoesNotContain("Microsoft.ML.OnnxRuntimeGenAI.Cuda", packages);
    }

    [Fact]
    public void EveryProject_Cuda_ShutsTheCpuCoreOut()
    {
        // Directory.Build.targets says it once, for all.
        string[] sample = ["runtime/SIDReasoner.Core/SIDReasoner.Core.csproj", "tests/SIDReasoner.Runtime.Tests/SIDReasoner.Runtime.Tests.csproj"];

        Assert.All(sample, project => Assert.Equal("all", Evaluate(project, "-p:Accelerator=cuda")["Microsoft.ML.OnnxRuntime"]));
    }

    // Package name -> its ExcludeAssets.
    private static Dictionary<string, string> Evaluate(string project, string properties)
    {
        using Process process = Process.Start(new ProcessStartInfo("dotnet", $"msbuild {project} -getItem:PackageReference {properties} -nodeReuse:false")
        {
            WorkingDirectory = Repository.Root,
            RedirectStandardOutput = true,
            Environment = { ["MSBUILDDISABLENODEREUSE"] = "1", ["DOTNET_NOLOGO"] = "1" },
        })!;
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, output);

        using JsonDocument json = JsonDocument.Parse(output);
        return json.RootElement.GetProperty("Items").GetProperty("PackageReference").EnumerateArray()
            .GroupBy(package => package.GetProperty("Identity").GetString()!)
            .ToDictionary(group => group.Key, group => group.Last().TryGetProperty("ExcludeAssets", out JsonElement excluded) ? excluded.GetString()! : "");
    }
}
