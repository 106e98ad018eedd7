using SIDReasoner.Core.Configuration;

namespace SIDReasoner.Core.Checkpoints;

/// <summary>A Hugging Face folder whose configuration and weights agree: what training hands to export.</summary>
/// <remarks>
/// Tensor names are Hugging Face's: <c>model.embed_tokens.weight</c> [V, D], <c>model.layers.N.self_attn.{q,k,v,o}_proj.{weight,bias}</c>,
/// <c>.self_attn.{q,k}_norm.weight</c> [D_head], <c>.{input,post_attention}_layernorm.weight</c> [D], <c>.mlp.{gate,up,down}_proj.weight</c>,
/// <c>model.norm.weight</c>, and <c>lm_head.weight</c> [V, D] unless the embeddings are tied. Any number of threads may read.
/// </remarks>
public sealed class CheckpointFolder : IDisposable
{
    private CheckpointFolder(string path, ModelConfig config, SafetensorsReader weights, CheckpointManifest? manifest)
    {
        Path = path;
        Config = config;
        Weights = weights;
        Manifest = manifest;
    }

    /// <summary>The folder's full path.</summary>
    public string Path { get; }

    /// <summary>config.json.</summary>
    public ModelConfig Config { get; }

    /// <summary>The weights, mapped. Owned by this object.</summary>
    public SafetensorsReader Weights { get; }

    /// <summary>sidreasoner.json, or null where the folder came from elsewhere.</summary>
    public CheckpointManifest? Manifest { get; }

    /// <summary>Opens a folder and compares config.json with every tensor's name, shape and element type.</summary>
    /// <exception cref="InvalidFileException">Configuration, weights or manifest are wrong, or disagree: every problem found.</exception>
    /// <exception cref="SidReasonerException">The folder, config.json or the weights are missing.</exception>
    public static CheckpointFolder Open(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (!Directory.Exists(path))
            throw new SidReasonerException($"Checkpoint folder '{path}' does not exist.");
        var full = System.IO.Path.GetFullPath(path);
        var problems = new List<string>();
        var config = Try(() => ModelConfig.Load(System.IO.Path.Combine(full, "config.json")), problems);
        var manifest = Try(() => CheckpointManifest.TryLoad(full), problems);
        var weights = Try(() => SafetensorsReader.Open(full), problems);
        if (problems.Count == 0)
            problems.AddRange(WeightLayout.Compare(config!, weights!.Tensors));
        if (problems.Count == 0 && manifest is not null)
            CheckManifest(manifest, config!, problems);
        if (problems.Count == 0)
            return new CheckpointFolder(full, config!, weights!, manifest);
        weights?.Dispose();
        throw new InvalidFileException(path, problems);
    }

    /// <summary>Unmaps the weights.</summary>
    public void Dispose() => Weights.Dispose();

    private static void CheckManifest(CheckpointManifest manifest, ModelConfig config, List<string> problems)
    {
        if (manifest.SidTokenIds.Count > 0 && manifest.SidTokenIds[^1] >= config.VocabSize)
            problems.Add($"{CheckpointManifest.FileName}: SID token id {manifest.SidTokenIds[^1]} is outside the vocabulary of {config.VocabSize} (config.json: vocab_size).");
    }

    private static T? Try<T>(Func<T?> read, List<string> problems)
        where T : class
    {
        try
        {
            return read();
        }
        catch (InvalidFileException error)
        {
            problems.AddRange(error.Problems.Select(problem => $"{System.IO.Path.GetFileName(error.Path)}: {problem}"));
        }
        catch (SidReasonerException error)
        {
            problems.Add(error.Message);
        }

        return null;
    }
}
