using SIDReasoner.Export.Onnx;

namespace SIDReasoner.Export.Decoder;

/// <summary>How matrix products are written: one writer a precision. Norms, attention and control stay the same under each.</summary>
internal interface ILinearWriter
{
    /// <summary>x [B, S, in] times each of several weights of the checkpoint, which Hugging Face lays out as [out, in], plus their biases: one value a part.</summary>
    /// <param name="x">The input that the parts share, so that a writer may quantise it once and multiply once.</param>
    /// <param name="mayBeEmpty">Whether a run may bring no row of it, as behind the last attention where no head is asked for.</param>
    /// <param name="parts">The weights.</param>
    OnnxValue[] Linears(OnnxValue x, bool mayBeEmpty, params LinearPart[] parts);

    /// <summary>x times the whole vocabulary's rows: the text head, from which the log-sum-exp is computed too.</summary>
    /// <param name="name">Of the product.</param>
    /// <param name="x">[B, rows, H].</param>
    /// <param name="rows">int64 [1]: how many rows, from 0.</param>
    /// <param name="weightName">[V, H].</param>
    OnnxValue TextHead(string name, OnnxValue x, OnnxValue rows, string weightName);
}
