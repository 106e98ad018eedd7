using SIDReasoner.Core.Configuration;
using SIDReasoner.Export.Onnx;

namespace SIDReasoner.Export.Decoder;

/// <summary>What every part of the decoder's graph shares.</summary>
/// <param name="Graph">The graph under construction.</param>
/// <param name="Config">The checkpoint's settings.</param>
/// <param name="Weights">Its embeddings, norms and float32 head rows.</param>
/// <param name="Linears">How products are written.</param>
internal sealed record DecoderScope(OnnxGraphBuilder Graph, ModelConfig Config, IDecoderWeights Weights, ILinearWriter Linears);
