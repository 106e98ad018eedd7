using Google.Protobuf;
using Onnx;

namespace SIDReasoner.Export.Onnx;

/// <summary>A small typed builder over the ONNX protobuf: values in, one model out.</summary>
/// <remarks>Nodes must be added in topological order, which the calls give by themselves. Node and value names are unique and readable.</remarks>
internal sealed class OnnxGraphBuilder
{
    private const int IrVersion = 10;
    private const int StandardOpset = 21;

    private readonly GraphProto _graph = new() { Name = "sidreasoner_decoder" };
    private readonly Dictionary<string, int> _names = [];
    private readonly Dictionary<string, OnnxValue> _constants = [];
    private readonly string _producerVersion;
    private GraphProto _nodes;

    public OnnxGraphBuilder(string producerVersion)
    {
        _producerVersion = producerVersion;
        _nodes = _graph;
    }

    /// <summary>Declares a graph input. A dimension is a number, or a name where it varies.</summary>
    public OnnxValue Input(string name, TensorProto.Types.DataType type, params object[] dimensions)
    {
        _graph.Input.Add(ValueInfo(name, type, dimensions));
        return new OnnxValue(name);
    }

    /// <summary>Declares <paramref name="value"/> a graph output; its name becomes the output's.</summary>
    public void Output(OnnxValue value, TensorProto.Types.DataType type, params object[] dimensions) =>
        _graph.Output.Add(ValueInfo(value.Name, type, dimensions));

    /// <summary>An initializer whose bytes lie in a file beside the model.</summary>
    public OnnxValue External(string name, TensorProto.Types.DataType type, IReadOnlyList<long> shape, string location, long offset, long length)
    {
        var tensor = new TensorProto { Name = name, DataType = (int)type, DataLocation = TensorProto.Types.DataLocation.External };
        tensor.Dims.AddRange(shape);
        tensor.ExternalData.Add(new StringStringEntryProto { Key = "location", Value = location });
        tensor.ExternalData.Add(new StringStringEntryProto { Key = "offset", Value = Text(offset) });
        tensor.ExternalData.Add(new StringStringEntryProto { Key = "length", Value = Text(length) });
        _graph.Initializer.Add(tensor);
        return new OnnxValue(name);
    }

    /// <summary>An input that a caller may leave out: a default stands in, whose varying dimensions are 0.</summary>
    public OnnxValue Overridable(string name, TensorProto.Types.DataType type, params object[] dimensions)
    {
        var tensor = new TensorProto { Name = name, DataType = (int)type, RawData = ByteString.Empty };
        tensor.Dims.AddRange(dimensions.Select(d => d is string ? 0L : Convert.ToInt64(d, System.Globalization.CultureInfo.InvariantCulture)));
        _graph.Initializer.Add(tensor);
        return Input(name, type, dimensions);
    }

    /// <summary>An int64 vector; equal constants are one initializer.</summary>
    public OnnxValue Int64s(params long[] values) => Constant("i64_" + string.Join('_', values), TensorProto.Types.DataType.Int64, [values.Length], Bytes(values));

    /// <summary>An int64 number of rank 0.</summary>
    public OnnxValue Int64(long value) => Constant("i64s_" + Text(value), TensorProto.Types.DataType.Int64, [], Bytes([value]));

    /// <summary>Adds a node with one output named after <paramref name="name"/>.</summary>
    public OnnxValue Node(string name, string op, string domain, OnnxValue[] inputs, params OnnxAttribute[] attributes) =>
        Nodes(name, op, domain, inputs, [name], attributes)[0];

    /// <summary>Adds a node of the standard operator set with one output.</summary>
    public OnnxValue Op(string name, string op, OnnxValue[] inputs, params OnnxAttribute[] attributes) =>
        Node(name, op, OnnxDomain.Standard, inputs, attributes);

    /// <summary>Adds a node with several outputs. An empty output name leaves that output out.</summary>
    public OnnxValue[] Nodes(string name, string op, string domain, OnnxValue[] inputs, string[] outputs, params OnnxAttribute[] attributes)
    {
        var node = new NodeProto { Name = Unique(name + "/" + op), OpType = op, Domain = domain };
        node.Input.AddRange(inputs.Select(i => i.Name));
        var values = outputs.Select(o => new OnnxValue(o.Length == 0 ? "" : Unique(o))).ToArray();
        node.Output.AddRange(values.Select(v => v.Name));
        node.Attribute.AddRange(attributes.Select(a => a.ToProto()));
        _nodes.Node.Add(node);
        return values;
    }

    /// <summary>What a Split was made of, where <paramref name="parts"/> are exactly its outputs, in their order; the Split is then removed, and nothing may read the parts any more.</summary>
    public OnnxValue? Unsplit(params OnnxValue[] parts)
    {
        var split = _nodes.Node.FirstOrDefault(node => node.OpType == "Split" && node.Output.SequenceEqual(parts.Select(part => part.Name)));
        if (split is null)
            return null;
        _nodes.Node.Remove(split);
        return new OnnxValue(split.Input[0]);
    }

    /// <summary>One of two float32 values; the other one's nodes do not run. Both may read what was written before.</summary>
    /// <param name="name">Of the value.</param>
    /// <param name="condition">bool, one element.</param>
    /// <param name="then">Writes the value where the condition holds; a value from outside needs a node around it.</param>
    /// <param name="otherwise">Writes it where not.</param>
    public OnnxValue If(string name, OnnxValue condition, Func<OnnxValue> then, Func<OnnxValue> otherwise)
    {
        var node = new NodeProto { Name = Unique(name + "/If"), OpType = "If" };
        node.Input.Add(condition.Name);
        node.Output.Add(Unique(name));
        node.Attribute.Add(Branch("then_branch", then));
        node.Attribute.Add(Branch("else_branch", otherwise));
        _nodes.Node.Add(node);
        return new OnnxValue(node.Output[0]);
    }

    /// <summary>The finished model: IR version 10, opset 21 and com.microsoft 1.</summary>
    public ModelProto Build()
    {
        var model = new ModelProto { IrVersion = IrVersion, ProducerName = "sidr-export", ProducerVersion = _producerVersion, Graph = _graph };
        model.OpsetImport.Add(new OperatorSetIdProto { Domain = OnnxDomain.Standard, Version = StandardOpset });
        model.OpsetImport.Add(new OperatorSetIdProto { Domain = OnnxDomain.Microsoft, Version = 1 });
        return model;
    }

    private AttributeProto Branch(string attribute, Func<OnnxValue> write)
    {
        var around = _nodes;
        var branch = _nodes = new GraphProto { Name = Unique(attribute) };
        branch.Output.Add(new ValueInfoProto
        {
            Name = write().Name,
            Type = new TypeProto { TensorType = new TypeProto.Types.Tensor { ElemType = (int)TensorProto.Types.DataType.Float } },
        });
        _nodes = around;
        return new AttributeProto { Name = attribute, Type = AttributeProto.Types.AttributeType.Graph, G = branch };
    }

    private OnnxValue Constant(string name, TensorProto.Types.DataType type, long[] shape, byte[] bytes)
    {
        name = name.Replace('-', 'm');
        if (_constants.TryGetValue(name, out var known))
            return known;
        var tensor = new TensorProto { Name = Unique(name), DataType = (int)type, RawData = ByteString.CopyFrom(bytes) };
        tensor.Dims.AddRange(shape);
        _graph.Initializer.Add(tensor);
        return _constants[name] = new OnnxValue(tensor.Name);
    }

    /// <summary>A float32 number of rank 0.</summary>
    public OnnxValue Float(float value) =>
        Constant("f32s_" + value.ToString("R", System.Globalization.CultureInfo.InvariantCulture), TensorProto.Types.DataType.Float, [], BitConverter.GetBytes(value));

    /// <summary>A uint8 number of rank 0.</summary>
    public OnnxValue Byte(byte value) => Constant("u8s_" + Text(value), TensorProto.Types.DataType.Uint8, [], [value]);

    private string Unique(string name)
    {
        if (_names.TryAdd(name, 1))
            return name;
        string candidate;
        do
            candidate = name + "_" + Text(_names[name]++);
        while (!_names.TryAdd(candidate, 1));
        return candidate;
    }

    private static byte[] Bytes(long[] values)
    {
        var bytes = new byte[values.Length * sizeof(long)];
        for (var i = 0; i < values.Length; i++)
            System.Buffers.Binary.BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(i * sizeof(long)), values[i]);
        return bytes;
    }

    private static string Text(long value) => value.ToString(System.Globalization.CultureInfo.InvariantCulture);

    private static ValueInfoProto ValueInfo(string name, TensorProto.Types.DataType type, object[] dimensions)
    {
        var shape = new TensorShapeProto();
        foreach (var dimension in dimensions)
        {
            shape.Dim.Add(dimension is string symbol
                ? new TensorShapeProto.Types.Dimension { DimParam = symbol }
                : new TensorShapeProto.Types.Dimension { DimValue = Convert.ToInt64(dimension, System.Globalization.CultureInfo.InvariantCulture) });
        }
        var tensor = new TypeProto.Types.Tensor { ElemType = (int)type, Shape = shape };
        return new ValueInfoProto { Name = name, Type = new TypeProto { TensorType = tensor } };
    }
}
