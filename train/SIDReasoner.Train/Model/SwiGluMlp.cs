using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace SIDReasoner.Train.Model;

/// <summary>The gated feed-forward block: down(silu(gate(x)) * up(x)).</summary>
internal sealed class SwiGluMlp
{
    private readonly Projection _gate;
    private readonly Projection _up;
    private readonly Projection _down;

    /// <summary>Finds the block's parameters.</summary>
    public SwiGluMlp(ParameterSet parameters, int layer)
    {
        string prefix = $"model.layers.{layer}.mlp.";
        _gate = Projection.From(parameters, prefix + "gate_proj");
        _up = Projection.From(parameters, prefix + "up_proj");
        _down = Projection.From(parameters, prefix + "down_proj");
    }

    /// <summary>Maps [B, T, hidden] to [B, T, hidden].</summary>
    public Tensor Forward(Tensor input)
    {
        using var scope = NewDisposeScope();
        return _down.Forward(F.silu(_gate.Forward(input)) * _up.Forward(input)).MoveToOuterDisposeScope();
    }
}
