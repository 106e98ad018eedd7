using SIDReasoner.Core.Configuration;
using static TorchSharp.torch;

namespace SIDReasoner.Train.Model;

/// <summary>All parameters of a decoder as views of one flat float32 tensor: one tensor to update, clip, average, save and compare.</summary>
/// <remarks>
/// Matrices lie first, vectors (norm weights, biases) behind them, each in the order given, so that weight decay on matrices alone is one
/// slice. The tensors belong to this object and outlive every dispose scope. One thread changes them; any number may read.
/// </remarks>
public sealed class ParameterSet : IDisposable
{
    private readonly Dictionary<string, Tensor> _views = new(StringComparer.Ordinal);
    private readonly List<ParameterSlot> _slots = [];

    /// <summary>Makes parameters of value 0.</summary>
    /// <param name="shapes">Names (Hugging Face's) and shapes, in the order in which they are to be listed.</param>
    public ParameterSet(IReadOnlyList<KeyValuePair<string, long[]>> shapes)
    {
        long offset = 0;
        foreach (bool matrices in new[] { true, false })
        {
            foreach ((string name, long[] shape) in shapes.Where(s => s.Value.Length > 1 == matrices))
            {
                long count = shape.Aggregate(1L, (product, size) => product * size);
                _slots.Add(new ParameterSlot(name, shape, offset, count));
                offset += count;
            }

            if (matrices)
            {
                MatrixCount = offset;
            }
        }

        Values = zeros(offset, ScalarType.Float32).DetachFromDisposeScope();
        foreach (ParameterSlot slot in _slots)
        {
            _views[slot.Name] = View(Values, slot);
        }
    }

    /// <summary>Every value, float32 [count].</summary>
    public Tensor Values { get; }

    /// <summary>Every gradient, float32 [count], in the layout of <see cref="Values"/>; null before <see cref="EnableGradients"/>.</summary>
    public Tensor? Gradients { get; private set; }

    /// <summary>How many values belong to matrices; they come first.</summary>
    public long MatrixCount { get; }

    /// <summary>How many values there are.</summary>
    public long Count => Values.NumberOfElements;

    /// <summary>Names, shapes and places, in the order of <see cref="Values"/>.</summary>
    public IReadOnlyList<ParameterSlot> Slots => _slots;

    /// <summary>A parameter by its Hugging Face name; a view, owned by this object.</summary>
    /// <param name="name">For example <c>model.norm.weight</c>.</param>
    public Tensor this[string name] => _views[name];

    /// <summary>A parameter by its name, or null where the model has none of that name.</summary>
    /// <param name="name">For example <c>model.layers.0.self_attn.q_proj.bias</c>.</param>
    /// <returns>A view, owned by this object.</returns>
    public Tensor? Find(string name) => _views.GetValueOrDefault(name);

    /// <summary>Makes every parameter a leaf with its gradient as a view of <see cref="Gradients"/>; backward passes add to it in place.</summary>
    public void EnableGradients()
    {
        if (Gradients is not null)
        {
            return;
        }

        Gradients = zeros(Count, ScalarType.Float32).DetachFromDisposeScope();
        foreach (ParameterSlot slot in _slots)
        {
            Tensor view = _views[slot.Name];
            view.requires_grad = true;
            using Tensor gradient = View(Gradients, slot);
            view.grad = gradient;
        }
    }

    /// <summary>Copies one parameter's gradient to the host.</summary>
    /// <param name="slot">The parameter.</param>
    /// <returns>float32, row-major.</returns>
    /// <exception cref="InvalidOperationException">Gradients are not enabled.</exception>
    public float[] CopyGradient(ParameterSlot slot) =>
        Copy(Gradients ?? throw new InvalidOperationException("Gradients are not enabled; call EnableGradients first."), slot);

    /// <summary>Copies one parameter to the host.</summary>
    /// <param name="slot">The parameter.</param>
    /// <returns>float32, row-major.</returns>
    public float[] CopyValue(ParameterSlot slot) => Copy(Values, slot);

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (Tensor view in _views.Values)
        {
            view.Dispose();
        }

        Values.Dispose();
        Gradients?.Dispose();
    }

    /// <summary>The parameters of a decoder, with Hugging Face's names.</summary>
    /// <param name="config">The model's sizes and switches.</param>
    /// <returns>Names and shapes in Hugging Face's order.</returns>
    public static IReadOnlyList<KeyValuePair<string, long[]>> ShapesOf(ModelConfig config)
    {
        var shapes = new List<KeyValuePair<string, long[]>>();
        void Add(string name, params long[] shape) => shapes.Add(new(name, shape));
        void AddProjection(string name, long outputs, long inputs, bool hasBias)
        {
            Add(name + ".weight", outputs, inputs);
            if (hasBias)
            {
                Add(name + ".bias", outputs);
            }
        }

        long hidden = config.HiddenSize, queries = (long)config.HeadCount * config.HeadSize, keys = (long)config.KvHeadCount * config.HeadSize;
        Add("model.embed_tokens.weight", config.VocabSize, hidden);
        for (int layer = 0; layer < config.LayerCount; layer++)
        {
            string prefix = $"model.layers.{layer}.";
            Add(prefix + "input_layernorm.weight", hidden);
            AddProjection(prefix + "self_attn.q_proj", queries, hidden, config.HasQkvBias);
            AddProjection(prefix + "self_attn.k_proj", keys, hidden, config.HasQkvBias);
            AddProjection(prefix + "self_attn.v_proj", keys, hidden, config.HasQkvBias);
            AddProjection(prefix + "self_attn.o_proj", hidden, queries, config.HasOutputBias);
            if (config.HasQkNorm)
            {
                Add(prefix + "self_attn.q_norm.weight", config.HeadSize);
                Add(prefix + "self_attn.k_norm.weight", config.HeadSize);
            }

            Add(prefix + "post_attention_layernorm.weight", hidden);
            AddProjection(prefix + "mlp.gate_proj", config.IntermediateSize, hidden, config.HasMlpBias);
            AddProjection(prefix + "mlp.up_proj", config.IntermediateSize, hidden, config.HasMlpBias);
            AddProjection(prefix + "mlp.down_proj", hidden, config.IntermediateSize, config.HasMlpBias);
        }

        Add("model.norm.weight", hidden);
        if (!config.TiesEmbeddings)
        {
            Add("lm_head.weight", config.VocabSize, hidden);
        }

        return shapes;
    }

    private static Tensor View(Tensor flat, ParameterSlot slot)
    {
        using var scope = NewDisposeScope();
        return flat.narrow(0, slot.Offset, slot.Count).view(slot.Shape).detach().DetachFromDisposeScope();
    }

    private static float[] Copy(Tensor flat, ParameterSlot slot)
    {
        using var scope = NewDisposeScope();
        return flat.narrow(0, slot.Offset, slot.Count).cpu().data<float>().ToArray();
    }
}
