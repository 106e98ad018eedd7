using System.Runtime.InteropServices;
using Onnx;
using SIDReasoner.Export.Onnx;

namespace SIDReasoner.Export.Precision;

/// <summary>The weights of one precision: tensors one after another, each at a multiple of 64 bytes. The graph that points into it is its index.</summary>
internal sealed class WeightFile : IDisposable
{
    private const int Alignment = 64;

    private readonly FileStream _stream;
    private readonly Dictionary<string, OnnxValue> _known = [];

    /// <summary>Makes an empty file.</summary>
    public WeightFile(string path)
    {
        _stream = new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1 << 20);
        Name = Path.GetFileName(path);
    }

    /// <summary>The name under which the graph finds it.</summary>
    public string Name { get; }

    /// <summary>Appends a tensor, little-endian and row-major, and makes it a value of the graph.</summary>
    public OnnxValue Add<T>(OnnxGraphBuilder graph, string name, TensorProto.Types.DataType type, IReadOnlyList<long> shape, ReadOnlySpan<T> values)
        where T : unmanaged
    {
        var bytes = MemoryMarshal.AsBytes(values);
        var padding = (int)(-_stream.Position & (Alignment - 1));
        _stream.Write(new byte[padding]);
        var value = graph.External(name, type, shape, Name, _stream.Position, bytes.Length);
        _stream.Write(bytes);
        return value;
    }

    /// <summary>Appends float32 values, once a name.</summary>
    public OnnxValue AddFloats(OnnxGraphBuilder graph, string name, IReadOnlyList<long> shape, Func<float[]> read)
    {
        if (!_known.TryGetValue(name, out var value))
            _known.Add(name, value = Add<float>(graph, name, TensorProto.Types.DataType.Float, shape, read()));
        return value;
    }

    /// <inheritdoc/>
    public void Dispose() => _stream.Dispose();
}
