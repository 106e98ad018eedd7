using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace SIDReasoner.Train.Model;

/// <summary>A linear map with an optional bias: x W^T + b.</summary>
/// <param name="Weight">float [outputs, inputs].</param>
/// <param name="Bias">float [outputs], or null.</param>
internal sealed record Projection(Tensor Weight, Tensor? Bias)
{
    /// <summary>Finds a projection's parameters.</summary>
    public static Projection From(ParameterSet parameters, string name) => new(parameters[name + ".weight"], parameters.Find(name + ".bias"));

    /// <summary>Maps [.., inputs] to [.., outputs].</summary>
    public Tensor Forward(Tensor input) => F.linear(input, Weight, Bias!);
}
