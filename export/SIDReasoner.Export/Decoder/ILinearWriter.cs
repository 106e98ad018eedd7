using SIDReasoner.Export.Onnx;

namespace SIDReasoner.Export.Decoder;

/// <summary>How matrix products are written: one writer a precision. Norms, attention and control stay the same under each.</summary>
internal interface ILinearWriter
{
    /// <summary>The precision's name as options and <c>bundle.json</c> spell it: <c>fp32</c>.</summary>
    string Precision { get; }

    /// <summary>The model's file in the bundle.</summary>
    string ModelFile { get; }

    /// <summary>x times a weight of the checkpoint in Hugging Face layout [out, in], plus a bias where one is named.</summary>
    OnnxValue Linear(string name, OnnxValue x, string weightName, string? biasName = null);

    /// <summary>x times rows that are a value of the graph already, [out, in]: the heads.</summary>
    OnnxValue Head(string name, OnnxValue x, OnnxValue rows);
}
