using System.CommandLine;
using SIDReasoner.Core;
using SIDReasoner.Runtime;
using SIDReasoner.Runtime.Bundles;
using SIDReasoner.Runtime.GenAI;
using SIDReasoner.Runtime.Model;

namespace SIDReasoner.Cli.Commands;

/// <summary><c>--engine</c>: which library computes. Each opens the same model files of the bundle; none stands in for another.</summary>
internal static class Engines
{
    public static Option<string> Option() => new("--engine")
    {
        Description = "What computes: onnxruntime, or genai (ONNX Runtime GenAI). The same lists from both.",
        DefaultValueFactory = _ => OnnxModel.EngineName,
        HelpName = "onnxruntime|genai",
    };

    /// <summary>What loads a bundle into the engine named; null for the default.</summary>
    /// <exception cref="SidReasonerException">There is no such engine.</exception>
    public static Func<Bundle, RecommenderOptions, IDecoderEngine>? Loader(string engine) => engine switch
    {
        OnnxModel.EngineName => null,
        GenAiEngine.EngineName => LoadGenAi,
        _ => throw new SidReasonerException($"--engine is '{engine}'; expected {OnnxModel.EngineName} or {GenAiEngine.EngineName}."),
    };

    /// <summary>Opens a bundle in the engine named.</summary>
    /// <exception cref="SidReasonerException">There is no such engine, or it cannot open the bundle.</exception>
    public static Recommender Open(string engine, RecommenderOptions options)
    {
        Recommender recommender = Recommender.Open(options, Loader(engine));
        if (recommender.KernelNote is { } note)
        {
            Console.Error.WriteLine($"note: {note}");
        }

        return recommender;
    }

    private static GenAiEngine LoadGenAi(Bundle bundle, RecommenderOptions options) => GenAiEngine.Load(
        bundle,
        new GenAiEngineOptions
        {
            Threads = options.Threads > 0 ? options.Threads : Environment.ProcessorCount,
            Precision = options.Precision,
            ForcePrecision = options.ForcePrecision,
            MaxIdleGenerators = options.MaxParallel,
            ReusePrefixes = options.PrefixCacheBytes > 0,
            Prepack = options.Prepack,
        });
}
