using SIDReasoner.Core.Checkpoints;
using SIDReasoner.Export.Decoder;

namespace SIDReasoner.Export.Precision.Calibration;

/// <summary>Moves the size of outlier channels from a product's inputs into its weights, through the norm or projection that writes the channel: the function stays, and nothing is computed for it at run time.</summary>
/// <remarks>
/// Before q, k, v and before gate, up, the channel's factor goes into the norm's weight; before down_proj into up_proj's rows; before the head into the last norm. The
/// factor is (largest input)^s / (largest weight)^(1 - s) a channel. Source: SmoothQuant (arXiv 2211.10438), equation 4, at strength s = 0.5, which makes both equally hard to
/// round. In a rotated decoder (<see cref="ResidualRotation"/>) norms have no outliers, down_proj's channels alone are folded, and 0.4 costs less
/// (docs/decisions/precision.md). Groups that an adapter touches are left as they are, since an adapter reads and writes the channels unscaled.
/// </remarks>
internal static class ChannelFolding
{
    private const float LeastFactor = 1e-4f;
    private const float Strength = 0.5f;
    private const float RotatedStrength = 0.4f;

    /// <summary>The factors of a checkpoint.</summary>
    /// <param name="checkpoint">Settings and weights.</param>
    /// <param name="magnitudes">What <see cref="ChannelMagnitudes"/> found.</param>
    /// <param name="adapted">Names of the projections that some adapter changes, without <c>.weight</c>.</param>
    /// <param name="isRotated">Whether the residual stream is rotated.</param>
    public static ChannelScales Scales(
        CheckpointFolder checkpoint, IReadOnlyDictionary<string, float[]> magnitudes, IReadOnlySet<string> adapted, bool isRotated = false)
    {
        var weights = new ScaledWeights(checkpoint.Weights, ChannelScales.None);
        var (inputs, outputs) = (new Dictionary<string, float[]>(), new Dictionary<string, float[]>());
        for (var layer = 0; layer < checkpoint.Config.LayerCount; layer++)
        {
            var name = $"model.layers.{layer}.";
            Fold([name + "mlp.up_proj"], name + "mlp.down_proj");
            if (isRotated)
                continue;
            Fold([name + "input_layernorm"], name + "self_attn.q_proj", name + "self_attn.k_proj", name + "self_attn.v_proj");
            Fold([name + "post_attention_layernorm"], name + "mlp.gate_proj", name + "mlp.up_proj");
        }

        var head = DecoderGraph.HeadWeight(checkpoint);
        if (!isRotated)
            Fold(["model.norm"], head[..^".weight".Length]);
        return new ChannelScales(inputs, outputs);

        void Fold(string[] writers, params string[] readers)
        {
            if (writers.Concat(readers).Any(adapted.Contains))
                return;
            string[] names = [.. readers.Select(reader => reader + ".weight")];
            var factors = Factors(magnitudes[names[0]], names.Select(weight => ColumnMagnitudes(weights, weight)).ToArray(), isRotated ? RotatedStrength : Strength);
            foreach (var weight in names)
                inputs.Add(weight, factors);
            foreach (var writer in writers)
            {
                outputs.Add(writer + ".weight", factors);
                if (checkpoint.Weights.Tensors.ContainsKey(writer + ".bias"))
                    outputs.Add(writer + ".bias", factors);
            }
        }
    }

    private static float[] Factors(float[] inputs, float[][] weights, float strength)
    {
        var factors = new float[inputs.Length];
        for (var channel = 0; channel < factors.Length; channel++)
        {
            var (input, weight) = (inputs[channel], weights.Max(columns => columns[channel]));
            factors[channel] = input > 0 && weight > 0 ? Math.Clamp(MathF.Pow(input, strength) / MathF.Pow(weight, 1 - strength), LeastFactor, 1 / LeastFactor) : 1f;
        }

        return factors;
    }

    private static float[] ColumnMagnitudes(ScaledWeights weights, string name)
    {
        int rows = (int)weights.Shape(name)[0], columns = (int)weights.Shape(name)[1];
        var most = new float[columns];
        var gate = new Lock();
        ParallelWork.Run(() => Parallel.For(
            0,
            rows,
            () => (Row: new float[columns], Most: new float[columns]),
            (row, _, own) =>
            {
                weights.Row(name, row, own.Row);
                for (var column = 0; column < columns; column++)
                    own.Most[column] = Math.Max(own.Most[column], Math.Abs(own.Row[column]));
                return own;
            },
            own =>
            {
                lock (gate)
                {
                    for (var column = 0; column < columns; column++)
                        most[column] = Math.Max(most[column], own.Most[column]);
                }
            }));
        return most;
    }
}
