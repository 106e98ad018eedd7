using SIDReasoner.Core.Checkpoints;
using SIDReasoner.Core.Configuration;
using SIDReasoner.Export.Precision;

namespace SIDReasoner.Runtime.Tests.Model;

/// <summary>The decoder as its papers write it: one position after the other, in double, nothing kept, nothing fused.</summary>
/// <param name="checkpoint">Settings and weights.</param>
/// <param name="product">Name of the weights, x [in] and the weights [out * in] -> [out], in place of sums of products: how a precision computes. Null for the sums.</param>
/// <param name="scales">Channel scales in norms and products, not in the embeddings. Null for none.</param>
/// <param name="rotation">A rotation of the residual stream. Null for none.</param>
/// <param name="inputRotation">A rotation of some products' inputs. Null for none.</param>
internal sealed class ReferenceDecoder(
    CheckpointFolder checkpoint,
    Func<string, double[], double[], double[]>? product = null,
    ChannelScales? scales = null,
    ResidualRotation? rotation = null,
    BlockRotation? inputRotation = null)
{
    private readonly ScaledWeights _scaled = new(checkpoint.Weights, scales ?? ChannelScales.None, rotation, inputRotation);
    private readonly ModelConfig _config = checkpoint.Config;
    private readonly Dictionary<string, double[]> _weights = [];

    /// <summary>Logits of the last position over the whole vocabulary.</summary>
    public double[] LastLogits(int[] tokens)
    {
        var embeddings = checkpoint.Weights.ReadFloats("model.embed_tokens.weight").Select(v => (double)v).ToArray();
        var hidden = _config.HiddenSize;
        double[][] states = [.. tokens.Select(token => Rotated(embeddings[(token * hidden)..((token + 1) * hidden)]))];
        for (var layer = 0; layer < _config.LayerCount; layer++)
        {
            var name = $"model.layers.{layer}";
            var attended = Attention(name + ".self_attn", [.. states.Select(x => Norm(x, name + ".input_layernorm.weight"))]);
            for (var t = 0; t < states.Length; t++)
            {
                states[t] = Add(states[t], attended[t]);
                states[t] = Add(states[t], Mlp(name + ".mlp", Norm(states[t], name + ".post_attention_layernorm.weight")));
            }
        }

        var head = _config.TiesEmbeddings ? "model.embed_tokens" : "lm_head";
        return Linear(head, Norm(states[^1], "model.norm.weight"), hasBias: false);
    }

    /// <summary>x Q, by the matrix itself.</summary>
    private double[] Rotated(double[] x)
    {
        if (rotation is null)
            return x;
        double[] transposed = [.. rotation.Transposed().Select(v => (double)v)];
        return [.. Enumerable.Range(0, x.Length).Select(column => Dot(transposed, column * x.Length, x, 0, x.Length))];
    }

    /// <summary>Each block times the matrix, where the weight's inputs are rotated.</summary>
    private double[] RotatedInput(string weight, double[] x)
    {
        if (inputRotation is null || !inputRotation.Readers.Contains(weight))
            return x;
        var (size, matrix) = (inputRotation.Size, inputRotation.Matrix().Select(v => (double)v).ToArray());
        return [.. x.Chunk(size).SelectMany(block => Enumerable.Range(0, size).Select(column => Enumerable.Range(0, size).Sum(k => block[k] * matrix[k * size + column])))];
    }

    private double[][] Attention(string name, double[][] x)
    {
        var (heads, kvHeads, size) = (_config.HeadCount, _config.KvHeadCount, _config.HeadSize);
        var q = x.Select((row, t) => Heads(name, "q", row, t)).ToArray();
        var k = x.Select((row, t) => Heads(name, "k", row, t)).ToArray();
        var v = x.Select(row => Linear(name + ".v_proj", row, _config.HasQkvBias)).ToArray();
        var output = new double[x.Length][];
        for (var t = 0; t < x.Length; t++)
        {
            var mixed = new double[heads * size];
            for (var head = 0; head < heads; head++)
            {
                var kv = head / (heads / kvHeads);
                var scores = Enumerable.Range(0, t + 1).Select(s => Dot(q[t], head * size, k[s], kv * size, size) / Math.Sqrt(size)).ToArray();
                var most = scores.Max();
                var weights = scores.Select(s => Math.Exp(s - most)).ToArray();
                var sum = weights.Sum();
                for (var s = 0; s <= t; s++)
                {
                    for (var d = 0; d < size; d++)
                        mixed[head * size + d] += weights[s] / sum * v[s][kv * size + d];
                }
            }

            output[t] = Linear(name + ".o_proj", mixed, _config.HasOutputBias);
        }

        return output;
    }

    /// <summary>Projects, norms each head where the family does, and rotates by halves.</summary>
    private double[] Heads(string name, string part, double[] x, int position)
    {
        var size = _config.HeadSize;
        var projected = Linear($"{name}.{part}_proj", x, _config.HasQkvBias);
        var frequencies = _config.RotaryInverseFrequencies();
        for (var start = 0; start < projected.Length; start += size)
        {
            var head = projected[start..(start + size)];
            if (_config.HasQkNorm)
                head = Norm(head, $"{name}.{part}_norm.weight");
            for (var i = 0; i < size / 2; i++)
            {
                var (sin, cos) = Math.SinCos(position * (double)frequencies[i]);
                projected[start + i] = head[i] * cos - head[i + size / 2] * sin;
                projected[start + i + size / 2] = head[i + size / 2] * cos + head[i] * sin;
            }
        }

        return projected;
    }

    private double[] Mlp(string name, double[] x)
    {
        var gate = Linear(name + ".gate_proj", x, _config.HasMlpBias);
        var up = Linear(name + ".up_proj", x, _config.HasMlpBias);
        return Linear(name + ".down_proj", [.. gate.Zip(up, (g, u) => g / (1 + Math.Exp(-g)) * u)], _config.HasMlpBias);
    }

    private double[] Norm(double[] x, string weight)
    {
        var scale = 1 / Math.Sqrt(x.Sum(v => v * v) / x.Length + _config.RmsNormEpsilon);
        return [.. x.Zip(Weight(weight), (v, w) => v * scale * w)];
    }

    private double[] Linear(string name, double[] x, bool hasBias)
    {
        var weight = Weight(name + ".weight");
        x = RotatedInput(name + ".weight", x);
        var bias = hasBias ? Weight(name + ".bias") : null;
        var outputs = product?.Invoke(name + ".weight", x, weight) ?? [.. Enumerable.Range(0, weight.Length / x.Length).Select(row => Dot(weight, row * x.Length, x, 0, x.Length))];
        return bias is null ? outputs : Add(outputs, bias);
    }

    private double[] Weight(string name) =>
        _weights.TryGetValue(name, out var known) ? known : _weights[name] = [.. Values(name).Select(v => (double)v)];

    private float[] Values(string name) =>
        _scaled.Shape(name) is [var rows, _] ? _scaled.Rows(name, [.. Enumerable.Range(0, (int)rows)]) : _scaled.Vector(name);

    private static double[] Add(double[] a, double[] b) => [.. a.Zip(b, (x, y) => x + y)];

    private static double Dot(double[] a, int aStart, double[] b, int bStart, int count)
    {
        var sum = 0.0;
        for (var i = 0; i < count; i++)
            sum += a[aStart + i] * b[bStart + i];
        return sum;
    }
}
