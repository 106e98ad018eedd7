using System.Diagnostics;
using System.Globalization;
using SIDReasoner.Core.Checkpoints;
using SIDReasoner.Core.Configuration;
using Xunit;

namespace SIDReasoner.TestSupport;

/// <summary>Anonymous memory of a process that does nothing but open a bundle and run it, in MB, beyond what the libraries and the runtime took before.</summary>
/// <param name="Loaded">After the model was loaded.</param>
/// <param name="Peak">The most while the requests ran.</param>
/// <param name="Disposed">After the model was disposed.</param>
public sealed record MemoryProbe(double Loaded, double Peak, double Disposed)
{
    private const double Megabyte = 1 << 20;

    /// <summary>A model of 48 MB whose prompts may have 4,096 tokens: 4 layers of width 512, 8 heads of 64, 4 of keys and values.</summary>
    public static ModelConfig Sizes(ModelConfig config) => config with
    {
        HiddenSize = 512,
        IntermediateSize = 1536,
        LayerCount = 4,
        HeadCount = 8,
        KvHeadCount = 4,
        HeadSize = 64,
        MaxPositions = 4096,
    };

    /// <summary>Megabytes of the weights as float32.</summary>
    public static double Float32Megabytes(RandomCheckpoint checkpoint)
    {
        using SafetensorsReader weights = SafetensorsReader.Open(checkpoint.Folder);
        return weights.Tensors.Values.Sum(tensor => tensor.Shape.Aggregate(4L, (product, size) => product * size)) / Megabyte;
    }

    /// <summary>Megabytes of the KV cache's rows that a request touches.</summary>
    public static double CacheMegabytes(ModelConfig config, int rows) => 2.0 * config.LayerCount * config.KvHeadCount * config.HeadSize * sizeof(float) * rows / Megabyte;

    /// <summary>Runs the memory probe, a program beside the tests.</summary>
    /// <param name="small">A tiny bundle, run first.</param>
    /// <param name="bundle">The bundle that is measured.</param>
    /// <param name="engine">The engine's name.</param>
    /// <param name="prepack">Whether weights are laid out at load.</param>
    /// <param name="tokens">Tokens of a prompt.</param>
    /// <param name="sessions">Requests at once.</param>
    public static async Task<MemoryProbe> RunAsync(string small, string bundle, string engine, bool prepack = true, int tokens = 3, int sessions = 1)
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "Anonymous memory is read from /proc.");
        string dotnet = Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? Environment.ProcessPath!;
        string probe = Path.Combine(AppContext.BaseDirectory, "SIDReasoner.MemoryProbe.dll");
        string[] arguments = [probe, small, bundle, engine, prepack ? "prepack" : "no-prepack", tokens.ToString(CultureInfo.InvariantCulture), sessions.ToString(CultureInfo.InvariantCulture)];
        using Process process = Process.Start(new ProcessStartInfo(dotnet, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();

        Assert.True(process.ExitCode == 0, await errors);
        var kilobytes = output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split(' ')).ToDictionary(pair => pair[0], pair => double.Parse(pair[1], CultureInfo.InvariantCulture));
        double Beyond(string name) => (kilobytes[name] - kilobytes["before"]) / 1024;
        return new MemoryProbe(Beyond("loaded"), Beyond("peak"), Beyond("disposed"));
    }
}
