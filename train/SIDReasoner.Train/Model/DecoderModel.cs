using SIDReasoner.Core.Checkpoints;
using SIDReasoner.Core.Configuration;
using SIDReasoner.Train.Native;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace SIDReasoner.Train.Model;

/// <summary>The decoder in TorchSharp: Qwen3 with switches for Llama and Qwen2, float32.</summary>
/// <remarks>
/// Parameters carry Hugging Face's names, so folders go in and out unchanged. Reading threads may share a model; a thread that trains it
/// must be alone. Tensors given out by the forward methods belong to the caller's dispose scope.
/// </remarks>
public sealed class DecoderModel : IDisposable
{
    private readonly DecoderLayer[] _layers;
    private readonly RmsNorm _finalNorm;
    private readonly RotaryEmbedding _rotary;
    private readonly Tensor _embeddings;

    /// <summary>Makes a model whose parameters are all 0.</summary>
    /// <param name="config">Sizes and switches.</param>
    public DecoderModel(ModelConfig config)
    {
        Config = config;
        Parameters = new ParameterSet(ParameterSet.ShapesOf(config));
        _embeddings = Parameters["model.embed_tokens.weight"];
        _layers = [.. Enumerable.Range(0, config.LayerCount).Select(layer => new DecoderLayer(config, Parameters, layer))];
        _finalNorm = new RmsNorm(Parameters["model.norm.weight"], config.RmsNormEpsilon);
        _rotary = new RotaryEmbedding(config);
        HeadWeight = config.TiesEmbeddings ? _embeddings : Parameters["lm_head.weight"];
    }

    /// <summary>Sizes and switches.</summary>
    public ModelConfig Config { get; }

    /// <summary>All parameters.</summary>
    public ParameterSet Parameters { get; }

    /// <summary>The head, float32 [V, hidden]; the embeddings themselves where they are tied.</summary>
    public Tensor HeadWeight { get; }

    /// <summary>Makes a model with random weights.</summary>
    /// <param name="config">Sizes and switches.</param>
    /// <param name="seed">The same seed gives the same weights, bit for bit.</param>
    /// <param name="deviation">Standard deviation of every matrix; norm weights are 1, biases 0. Default 0.02.</param>
    /// <returns>The model; the caller disposes it.</returns>
    public static DecoderModel Create(ModelConfig config, int seed, double deviation = 0.02)
    {
        var model = new DecoderModel(config);
        using var scope = NewDisposeScope();
        using IDisposable noGradients = no_grad();
        var generator = new Generator((ulong)(uint)seed);
        foreach (ParameterSlot slot in model.Parameters.Slots)
        {
            if (slot.IsMatrix)
            {
                model.Parameters[slot.Name].normal_(0, deviation, generator);
            }
            else if (slot.Name.EndsWith("norm.weight", StringComparison.Ordinal))
            {
                model.Parameters[slot.Name].fill_(1);
            }
        }

        generator.Dispose();
        return model;
    }

    /// <summary>Loads a Hugging Face folder; float16 and bfloat16 weights are widened.</summary>
    /// <param name="folder">An open, checked folder; not needed afterwards.</param>
    /// <returns>The model; the caller disposes it.</returns>
    public static DecoderModel Load(CheckpointFolder folder)
    {
        var model = new DecoderModel(folder.Config);
        foreach (ParameterSlot slot in model.Parameters.Slots)
        {
            model.SetParameter(slot, folder.Weights.ReadFloats(slot.Name));
        }

        return model;
    }

    /// <summary>Overwrites one parameter.</summary>
    /// <param name="slot">The parameter.</param>
    /// <param name="values">float32, row-major.</param>
    /// <exception cref="ArgumentException"><paramref name="values"/> has another length; nothing is written.</exception>
    public void SetParameter(ParameterSlot slot, float[] values)
    {
        if (values.Length != slot.Count)
        {
            throw new ArgumentException($"'{slot.Name}' got {values.Length} values; expected {slot.Count} = {string.Join(" * ", slot.Shape)}.", nameof(values));
        }

        using var scope = NewDisposeScope();
        using IDisposable noGradients = no_grad();
        Parameters.Values.narrow(0, slot.Offset, slot.Count).copy_(tensor(values));
    }

    /// <summary>One causal pass over whole sequences, from position 0.</summary>
    /// <param name="tokens">int64 [B, T]; shorter sequences are padded on the right with any token and their surplus rows ignored.</param>
    /// <param name="dropout">Probability of zeroing, from 0 below 1; 0 outside training.</param>
    /// <returns>What the head reads, float32 [B, T, hidden].</returns>
    public Tensor Forward(Tensor tokens, double dropout = 0) => Forward(tokens, dropout, states: null);

    /// <summary>Next-token logits over the whole vocabulary.</summary>
    /// <param name="hidden">float32 [.., hidden], from a forward method.</param>
    /// <returns>float32 [.., V].</returns>
    public Tensor Logits(Tensor hidden) => F.linear(hidden, HeadWeight);

    /// <inheritdoc/>
    public void Dispose()
    {
        _rotary.Dispose();
        Parameters.Dispose();
    }

    internal Tensor Forward(Tensor tokens, double dropout, List<Tensor>? states)
    {
        using var scope = NewDisposeScope();
        (Tensor cosines, Tensor sines) = _rotary.Range(0, (int)tokens.shape[1]);
        var pass = new ForwardPass(cosines, sines) { IsCausal = true, Dropout = dropout, States = states };
        return Run(tokens, pass).MoveToOuterDisposeScope();
    }

    /// <summary>Rows behind those in a cache, which takes them at its length; the owner moves the length on.</summary>
    /// <param name="tokens">int64 [B, T].</param>
    /// <param name="cache">Of at least B sequences.</param>
    /// <param name="position">Position of the first row.</param>
    /// <param name="samePosition">All rows stand at <paramref name="position"/> (packed beams); else they follow one another.</param>
    /// <param name="mask">float, added to the scores, broadcast to [B, H, T, cache rows + T]; null: causal where the cache is empty, else no limit.</param>
    internal Tensor ForwardCached(Tensor tokens, KvCache cache, int position, bool samePosition, Tensor? mask)
    {
        using var scope = NewDisposeScope();
        int rows = (int)tokens.shape[1];
        (Tensor cosines, Tensor sines) = _rotary.Range(position, samePosition ? 1 : rows);
        var pass = new ForwardPass(cosines, sines) { Mask = mask, IsCausal = mask is null && cache.Length == 0 && rows > 1, Cache = cache };
        return Run(tokens, pass).MoveToOuterDisposeScope();
    }

    private Tensor Run(Tensor tokens, ForwardPass pass)
    {
        Tensor residual = TorchDispatcher.Embedding(_embeddings, tokens);
        if (pass.Dropout > 0)
        {
            residual = F.dropout(residual, pass.Dropout, training: true);
        }

        foreach (DecoderLayer layer in _layers)
        {
            pass.States?.Add(residual.alias().DetachFromDisposeScope());
            residual = layer.Forward(residual, pass);
        }

        return _finalNorm.Forward(residual);
    }
}
