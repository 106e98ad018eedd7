using Onnx;
using SIDReasoner.Core.Checkpoints;
using SIDReasoner.Export.Onnx;

namespace SIDReasoner.Export.Decoder;

/// <summary>The whole decoder as one ONNX graph: for ONNX Runtime, for our search inside GenAI, for anyone's GenAI program. See docs/formats/graph.md.</summary>
internal static class DecoderGraph
{
    private const string Embeddings = "model.embed_tokens.weight";

    /// <summary>Name of the head's tensor. Tied checkpoints use the embeddings, also where a redundant <c>lm_head.weight</c> lies beside.</summary>
    public static string HeadWeight(CheckpointFolder checkpoint) =>
        checkpoint.Config.TiesEmbeddings ? Embeddings : "lm_head.weight";

    /// <summary>Builds the graph over the checkpoint's own weight files.</summary>
    /// <param name="checkpoint">Settings and weights, read once for their places.</param>
    /// <param name="layout">Which head rows become outputs.</param>
    /// <param name="rotaryRows">Rows of the rotary tables: the most tokens and beams that the cache may hold.</param>
    /// <param name="form">Makes the precision's weights and products.</param>
    /// <param name="producerVersion">Recorded in the file.</param>
    public static ModelProto Build(
        CheckpointFolder checkpoint, HeadLayout layout, int rotaryRows, Func<OnnxGraphBuilder, DecoderScope> form, string producerVersion)
    {
        var config = checkpoint.Config;
        var graph = new OnnxGraphBuilder(producerVersion);
        var scope = form(graph);
        var step = StepInputs.Write(graph, rotaryRows, config.HeadSize);
        var kept = OutputHeads.KeptRows(scope, step);

        var residual = scope.Weights.Embed("embeddings", Embeddings, step.InputIds);
        var normed = RmsNorm.Write(scope, "model.layers.0.input_layernorm", residual, "model.layers.0.input_layernorm.weight");
        for (var layer = 0; layer < config.LayerCount; layer++)
        {
            var isLast = layer == config.LayerCount - 1;
            Func<string, OnnxValue, OnnxValue>? keptRows = isLast
                ? (name, x) => OutputHeads.LastRows(graph, name, x, step.RowCount, kept)
                : null;
            var (mlp, sum) = DecoderLayer.Write(scope, layer, normed, residual, step, keptRows);
            var norm = isLast ? "model.norm" : $"model.layers.{layer + 1}.input_layernorm";
            (normed, residual) = RmsNorm.WriteAfterAdd(scope, norm, sum, mlp, norm + ".weight");
        }

        OutputHeads.Write(scope, step, normed, kept, layout);
        return graph.Build();
    }
}
