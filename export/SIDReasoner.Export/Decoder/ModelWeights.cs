using Onnx;
using SIDReasoner.Core;
using SIDReasoner.Core.Checkpoints;
using SIDReasoner.Export.Onnx;

namespace SIDReasoner.Export.Decoder;

/// <summary>The checkpoint's tensors as graph values: external data that points into the safetensors files, by offset. No byte is rewritten.</summary>
/// <remarks>float32 is used as it lies; bfloat16 and float16 pass a Cast, which ONNX Runtime folds once at load.</remarks>
internal sealed class ModelWeights
{
    private readonly OnnxGraphBuilder _graph;
    private readonly SafetensorsReader _reader;
    private readonly Dictionary<string, OnnxValue> _values = [];

    public ModelWeights(OnnxGraphBuilder graph, SafetensorsReader reader)
    {
        _graph = graph;
        _reader = reader;
    }

    /// <summary>A whole tensor under its Hugging Face name, float32.</summary>
    public OnnxValue Tensor(string name)
    {
        var info = _reader.Tensors[name];
        return Value(name, name, info, info.Shape, info.Offset, info.ByteLength);
    }

    /// <summary>Rows <paramref name="first"/> to <paramref name="first"/> + <paramref name="count"/> - 1 of a matrix: the same bytes at another offset.</summary>
    public OnnxValue Rows(string label, string name, int first, int count)
    {
        var info = _reader.Tensors[name];
        var rowBytes = info.ByteLength / info.Shape[0];
        return Value(label, name, info, [count, info.Shape[1]], info.Offset + first * rowBytes, count * rowBytes);
    }

    private OnnxValue Value(string label, string name, TensorInfo info, IReadOnlyList<long> shape, long offset, long length)
    {
        if (_values.TryGetValue(label, out var known))
            return known;
        var stored = _graph.External(label, DataType(info, name), shape, Path.GetFileName(info.File), offset, length);
        return _values[label] = info.DType == TensorDType.F32
            ? stored
            : _graph.Op(label + "_f32", "Cast", [stored], new OnnxAttribute("to", (long)TensorProto.Types.DataType.Float));
    }

    private static TensorProto.Types.DataType DataType(TensorInfo info, string name) => info.DType switch
    {
        TensorDType.F32 => TensorProto.Types.DataType.Float,
        TensorDType.F16 => TensorProto.Types.DataType.Float16,
        TensorDType.BF16 => TensorProto.Types.DataType.Bfloat16,
        _ => throw new SidReasonerException(
            $"Tensor '{name}' in '{info.File}' is {info.DType}; expected F32, F16 or BF16. Save the checkpoint's weights in one of these types."),
    };
}
