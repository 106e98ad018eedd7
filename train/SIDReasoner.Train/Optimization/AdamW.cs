using SIDReasoner.Train.Model;
using SIDReasoner.Train.Native;
using static TorchSharp.torch;

namespace SIDReasoner.Train.Optimization;

/// <summary>AdamW over a model's flat parameters: two fused calls an update, matrices with decay and vectors without.</summary>
/// <remarks>Source: Loshchilov and Hutter (arXiv 1711.05101), as torch.optim.AdamW computes it. One thread.</remarks>
public sealed class AdamW : IDisposable
{
    private readonly ParameterSet _parameters;
    private readonly AdamWOptions _options;
    private readonly Tensor _step = zeros([1], ScalarType.Float32).DetachFromDisposeScope();

    /// <summary>Makes an optimizer whose moments are 0; enables the parameters' gradients.</summary>
    /// <param name="parameters">What it updates; outlives it.</param>
    /// <param name="options">Its constants.</param>
    public AdamW(ParameterSet parameters, AdamWOptions options)
    {
        parameters.EnableGradients();
        _parameters = parameters;
        _options = options;
        Mean = zeros_like(parameters.Values).DetachFromDisposeScope();
        Variance = zeros_like(parameters.Values).DetachFromDisposeScope();
    }

    /// <summary>First moment, float32, in the parameters' layout.</summary>
    public Tensor Mean { get; }

    /// <summary>Second moment, float32, in the parameters' layout.</summary>
    public Tensor Variance { get; }

    /// <summary>Updates made so far; set it when moments are restored.</summary>
    public long Step { get; set; }

    /// <summary>Sets all gradients to 0. Call before each backward pass.</summary>
    public void ZeroGradients() => _parameters.Gradients!.zero_().Dispose();

    /// <summary>Scales all gradients down so that their joint norm is at most <paramref name="limit"/>.</summary>
    /// <param name="limit">Above 0; infinity measures only.</param>
    /// <returns>The norm before.</returns>
    public double ClipGradients(double limit)
    {
        using var scope = NewDisposeScope();
        using IDisposable noGradients = no_grad();
        Tensor gradients = _parameters.Gradients!;
        double norm = linalg.vector_norm(gradients).item<float>();
        double factor = limit / (norm + 1e-6);
        if (factor < 1)
        {
            gradients.mul_((float)factor);
        }

        return norm;
    }

    /// <summary>Makes one update from the gradients as they stand.</summary>
    /// <param name="learningRate">Rate of this update.</param>
    public void Update(double learningRate)
    {
        using var scope = NewDisposeScope();
        using IDisposable noGradients = no_grad();
        Step++;
        _step.fill_((float)Step);
        long matrices = _parameters.MatrixCount, rest = _parameters.Count - matrices;
        if (_options.DecaysVectors)
        {
            Update(0, _parameters.Count, learningRate, _options.WeightDecay);
        }
        else
        {
            Update(0, matrices, learningRate, _options.WeightDecay);
            Update(matrices, rest, learningRate, 0);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Mean.Dispose();
        Variance.Dispose();
        _step.Dispose();
    }

    private void Update(long offset, long count, double learningRate, double weightDecay)
    {
        if (count == 0)
        {
            return;
        }

        TorchDispatcher.FusedAdamW(
            _parameters.Values.narrow(0, offset, count), _parameters.Gradients!.narrow(0, offset, count), Mean.narrow(0, offset, count), Variance.narrow(0, offset, count),
            _step, learningRate, _options.Beta1, _options.Beta2, weightDecay, _options.Epsilon);
    }
}
