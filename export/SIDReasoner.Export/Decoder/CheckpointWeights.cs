using Onnx;
using SIDReasoner.Core;
using SIDReasoner.Core.Checkpoints;
using SIDReasoner.Export.Onnx;

namespace SIDReasoner.Export.Decoder;

/// <summary>The checkpoint's tensors as graph values: external data that points into the safetensors files, by offset. No byte is rewritten.</summary>
/// <remarks>float32 is used as it lies; bfloat16 and float16 pass a Cast, which ONNX Runtime folds once at load.</remarks>
internal sealed class CheckpointWeights : IDecoderWeights
{
    private readonly OnnxGraphBuilder _graph;
    private readonly SafetensorsReader _reader;
    private readonly Dictionary<string, OnnxValue> _values = [];

    public CheckpointWeights(OnnxGraphBuilder graph, SafetensorsReader reader)
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

    /// <summary>Rows of a matrix.</summary>
    public long RowCount(string name) => _reader.Tensors[name].Shape[0];

    /// <summary>Groups matrices of equal width that <see cref="Stacked"/> can lay under each other for nothing.</summary>
    /// <remarks>All of them, in their order, where a Cast copies them at load in any case; float32 where one matrix's bytes follow another's in one file.</remarks>
    public List<List<string>> Groups(IReadOnlyList<string> names)
    {
        var infos = names.Select(name => _reader.Tensors[name]).ToArray();
        if (infos.All(info => info.DType != TensorDType.F32 && info.DType == infos[0].DType && info.Shape[1] == infos[0].Shape[1]))
            return [[.. names]];
        var groups = new List<List<string>>();
        TensorInfo? before = null;
        foreach (var info in infos.OrderBy(i => i.File, StringComparer.Ordinal).ThenBy(i => i.Offset))
        {
            if (before is not null && before.DType == info.DType && before.Shape[1] == info.Shape[1] && Follows(before, info))
                groups[^1].Add(info.Name);
            else
                groups.Add([info.Name]);
            before = info;
        }

        return groups;
    }

    /// <summary>Such a group as one matrix [rows of all, in], float32.</summary>
    public OnnxValue Stacked(IReadOnlyList<string> names)
    {
        if (names.Count == 1)
            return Tensor(names[0]);
        var label = string.Join('+', names);
        var infos = names.Select(name => _reader.Tensors[name]).ToArray();
        if (infos.Zip(infos.Skip(1)).All(pair => Follows(pair.First, pair.Second)))
            return Value(label, names[0], infos[0], [infos.Sum(i => i.Shape[0]), infos[0].Shape[1]], infos[0].Offset, infos.Sum(i => i.ByteLength));
        if (_values.TryGetValue(label, out var known))
            return known;
        OnnxValue[] parts = [.. infos.Select(i => Stored(i.Name, i.Name, i, i.Shape, i.Offset, i.ByteLength))];
        return _values[label] = Widened(label + "_f32", _graph.Op(label, "Concat", parts, new OnnxAttribute("axis", 0)));
    }

    /// <inheritdoc/>
    public OnnxValue Norm(string name) => Tensor(name);

    /// <inheritdoc/>
    public OnnxValue Embed(string label, string name, OnnxValue ids) => _graph.Op(label, "Gather", [Tensor(name), ids], new OnnxAttribute("axis", 0));

    /// <inheritdoc/>
    /// <remarks>Rows that follow each other are the same bytes at another offset; others are gathered, which ONNX Runtime folds once at load.</remarks>
    public OnnxValue Rows(string label, string name, IReadOnlyList<int> rows)
    {
        if (rows[^1] - rows[0] + 1 != rows.Count)
            return _graph.Op(label, "Gather", [Tensor(name), _graph.Int64s([.. rows.Select(r => (long)r)])], new OnnxAttribute("axis", 0));
        var info = _reader.Tensors[name];
        var rowBytes = info.ByteLength / info.Shape[0];
        return Value(label, name, info, [rows.Count, info.Shape[1]], info.Offset + rows[0] * rowBytes, rows.Count * rowBytes);
    }

    /// <summary>Rows of the embeddings by token id, gathered as they are stored and widened afterwards: no float32 copy of the table is made.</summary>
    public OnnxValue EmbedStored(string label, string name, OnnxValue ids)
    {
        var info = _reader.Tensors[name];
        var stored = Stored(name + "_stored", name, info, info.Shape, info.Offset, info.ByteLength);
        var rows = _graph.Op(info.DType == TensorDType.F32 ? label : label + "_stored", "Gather", [stored, ids], new OnnxAttribute("axis", 0));
        return info.DType == TensorDType.F32 ? rows : Widened(label, rows);
    }

    private static bool Follows(TensorInfo before, TensorInfo info) => before.File == info.File && before.Offset + before.ByteLength == info.Offset;

    private OnnxValue Value(string label, string name, TensorInfo info, IReadOnlyList<long> shape, long offset, long length)
    {
        if (_values.TryGetValue(label, out var known))
            return known;
        var stored = Stored(label, name, info, shape, offset, length);
        return _values[label] = info.DType == TensorDType.F32 ? stored : Widened(label + "_f32", stored);
    }

    private OnnxValue Stored(string label, string name, TensorInfo info, IReadOnlyList<long> shape, long offset, long length) =>
        _graph.External(label, DataType(info, name), shape, Path.GetFileName(info.File), offset, length);

    private OnnxValue Widened(string label, OnnxValue value) =>
        _graph.Op(label, "Cast", [value], new OnnxAttribute("to", (long)TensorProto.Types.DataType.Float));

    private static TensorProto.Types.DataType DataType(TensorInfo info, string name) => info.DType switch
    {
        TensorDType.F32 => TensorProto.Types.DataType.Float,
        TensorDType.F16 => TensorProto.Types.DataType.Float16,
        TensorDType.BF16 => TensorProto.Types.DataType.Bfloat16,
        _ => throw new SidReasonerException(
            $"Tensor '{name}' in '{info.File}' is {info.DType}; expected F32, F16 or BF16. Save the checkpoint's weights in one of these types."),
    };
}
