using SIDReasoner.Export.Onnx;

namespace SIDReasoner.Export.Decoder;

/// <summary>The checkpoint's tensors that are not products: embeddings, norms, and the head's rows that stay float32 in every precision.</summary>
internal interface IDecoderWeights
{
    /// <summary>A norm's weight, float32.</summary>
    OnnxValue Norm(string name);

    /// <summary>Rows of the embeddings by token id: float32 [B, S, H] for ids [B, S].</summary>
    OnnxValue Embed(string label, string name, OnnxValue ids);

    /// <summary>Some rows of a head's matrix, float32 [rows, H], in the order of <paramref name="rows"/>.</summary>
    OnnxValue Rows(string label, string name, IReadOnlyList<int> rows);
}
