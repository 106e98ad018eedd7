using SIDReasoner.Export.Onnx;

namespace SIDReasoner.Export.Decoder;

/// <summary>One layer: norm, attention, sum, norm, MLP. The sum after the MLP belongs to the next layer's norm, which is fused with it.</summary>
internal static class DecoderLayer
{
    /// <param name="scope">What all parts share.</param>
    /// <param name="layer">Its number, from 0.</param>
    /// <param name="normed">The residual stream after this layer's first norm.</param>
    /// <param name="residual">The residual stream itself.</param>
    /// <param name="step">The run's inputs.</param>
    /// <param name="keptRows">In the last layer: cuts both streams to the rows that some head reads; everything after attention then runs on these alone.</param>
    /// <returns>The MLP's output and the residual stream, not yet summed.</returns>
    public static (OnnxValue Mlp, OnnxValue Residual) Write(
        DecoderScope scope, int layer, OnnxValue normed, OnnxValue residual, StepInputs step, Func<string, OnnxValue, OnnxValue>? keptRows)
    {
        var name = $"model.layers.{layer}";
        var attention = Attention.Write(scope, layer, normed, step);
        if (keptRows is not null)
        {
            attention = keptRows(name + ".attention.kept", attention);
            residual = keptRows(name + ".residual.kept", residual);
        }

        var projected = Attention.WriteOutput(scope, layer, attention, mayBeEmpty: keptRows is not null);
        var (second, sum) = RmsNorm.WriteAfterAdd(
            scope, name + ".post_attention_layernorm", residual, projected, name + ".post_attention_layernorm.weight");
        return (SwiGluMlp.Write(scope, name + ".mlp", second, mayBeEmpty: keptRows is not null), sum);
    }
}
