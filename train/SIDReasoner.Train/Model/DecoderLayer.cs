using SIDReasoner.Core.Configuration;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace SIDReasoner.Train.Model;

/// <summary>One decoder layer: attention and feed-forward, each behind a norm and added to the residual stream.</summary>
internal sealed class DecoderLayer
{
    private readonly RmsNorm _inputNorm;
    private readonly Attention _attention;
    private readonly RmsNorm _middleNorm;
    private readonly SwiGluMlp _mlp;

    /// <summary>Finds the layer's parameters.</summary>
    public DecoderLayer(ModelConfig config, ParameterSet parameters, int layer)
    {
        string prefix = $"model.layers.{layer}.";
        _inputNorm = new RmsNorm(parameters[prefix + "input_layernorm.weight"], config.RmsNormEpsilon);
        _attention = new Attention(config, parameters, layer);
        _middleNorm = new RmsNorm(parameters[prefix + "post_attention_layernorm.weight"], config.RmsNormEpsilon);
        _mlp = new SwiGluMlp(parameters, layer);
    }

    /// <summary>Maps the residual stream [B, T, hidden] to the next one.</summary>
    public Tensor Forward(Tensor residual, ForwardPass pass)
    {
        using var scope = NewDisposeScope();
        Tensor middle = residual + Dropped(_attention.Forward(_inputNorm.Forward(residual), pass), pass.Dropout);
        return (middle + Dropped(_mlp.Forward(_middleNorm.Forward(middle)), pass.Dropout)).MoveToOuterDisposeScope();
    }

    private static Tensor Dropped(Tensor output, double probability) => probability > 0 ? F.dropout(output, probability, training: true) : output;
}
