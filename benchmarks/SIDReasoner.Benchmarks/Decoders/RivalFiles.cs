using SIDReasoner.Benchmarks.Decoders.Builder;
using SIDReasoner.Benchmarks.Decoders.Gguf;
using SIDReasoner.Benchmarks.Decoders.Llama;
using SIDReasoner.Core;
using SIDReasoner.Core.Checkpoints;
using SIDReasoner.Core.Configuration;
using SIDReasoner.Runtime.Bundles;
using SIDReasoner.Runtime.Model;

namespace SIDReasoner.Benchmarks.Decoders;

/// <summary>One checkpoint in everybody's files, written once, and loaded as contenders.</summary>
/// <param name="checkpoint">The Hugging Face folder.</param>
/// <param name="bundle">Our bundle of it.</param>
/// <param name="folder">Where rivals' files go.</param>
/// <param name="threads">Threads of everyone.</param>
/// <param name="capacity">Tokens and beam rows of a rival's cache.</param>
internal sealed class RivalFiles(string checkpoint, Bundle bundle, string folder, int threads, int capacity)
{
    private readonly IReadOnlyList<int> _sidTokens = bundle.Manifest.SidTokens?.TokenIds ?? [];

    /// <summary>Ours in each form that the bundle has.</summary>
    public IEnumerable<Contender> Ours(RivalReport report) => bundle.Manifest.Precisions.Select(form => Ours(form.Name, report));

    /// <summary>Ours in a form; where this processor refuses it, forced, and the report says so.</summary>
    public Contender Ours(string precision, RivalReport report)
    {
        // Everyone's idle threads wait busily, as llama.cpp's do.
        var options = new OnnxModelOptions { Threads = threads, Precision = precision, Spin = true };
        OnnxModel model;
        try
        {
            model = OnnxModel.Load(bundle, options);
        }
        catch (SidReasonerException refusal)
        {
            report.Line($"Ours {precision} is forced: {refusal.Message}");
            model = OnnxModel.Load(bundle, options with { ForcePrecision = true });
        }

        long bytes = precision == "fp32" ? Float32Bytes() : new FileInfo(bundle.FilePath($"model.{precision}.bin")).Length;
        return new Contender($"ours {precision}", model.CreateSession(), bytes, model);
    }

    /// <summary>What the checkpoint's weights are in memory, where 16 bits are widened once, at load.</summary>
    private long Float32Bytes()
    {
        using var weights = SafetensorsReader.Open(checkpoint);
        return sizeof(float) * weights.Tensors.Values.Sum(tensor => tensor.Shape.Aggregate(1L, (product, size) => product * size));
    }

    /// <summary>llama.cpp over our own file of the same weights.</summary>
    public Contender Llama(GgufType type, int beams = 1, bool isFast = true)
    {
        string path = Path.Combine(folder, $"{type}.gguf");
        if (!File.Exists(path))
        {
            Qwen3Gguf.Write(checkpoint, type, path);
        }

        return Llama(path, $"llama.cpp {type}", beams, isFast);
    }

    /// <summary>llama.cpp over a file.</summary>
    public Contender Llama(string path, string name, int beams = 1, bool isFast = true)
    {
        var model = new LlamaModel(path, threads);
        return new Contender(name, new LlamaDecoderSession(model, _sidTokens, capacity, beams, isFast), new FileInfo(path).Length, model);
    }

    /// <summary>The graph of GenAI's builder.</summary>
    public Contender Builder(BuilderPrecision precision)
    {
        string own = Path.Combine(folder, $"builder-{precision}");
        ModelConfig config = ModelConfig.Load(Path.Combine(checkpoint, "config.json"));
        if (!Directory.Exists(own))
        {
            BuilderGraph.Write(checkpoint, precision, capacity, own);
        }

        long bytes = new FileInfo(Path.Combine(own, BuilderGraph.FileName + ".data")).Length;
        string name = precision == BuilderPrecision.Float32 ? "GenAI's builder fp32" : $"GenAI's builder MatMulNBits {(int)precision}";
        return new Contender(name, new BuilderSession(own, config, capacity, threads, spin: true), bytes);
    }
}
