using Onnx;

namespace SIDReasoner.Export.Onnx;

/// <summary>One attribute of a node: an integer, a float, or a list of integers.</summary>
internal readonly record struct OnnxAttribute
{
    private readonly string _name;
    private readonly object _value;

    /// <summary>An integer attribute.</summary>
    public OnnxAttribute(string name, long value) => (_name, _value) = (name, value);

    /// <summary>A float attribute.</summary>
    public OnnxAttribute(string name, float value) => (_name, _value) = (name, value);

    /// <summary>A tensor attribute of one element, as ConstantOfShape takes it.</summary>
    public OnnxAttribute(string name, TensorProto value) => (_name, _value) = (name, value);

    /// <summary>The attribute as the file stores it.</summary>
    public AttributeProto ToProto() => _value switch
    {
        long integer => new AttributeProto { Name = _name, Type = AttributeProto.Types.AttributeType.Int, I = integer },
        float number => new AttributeProto { Name = _name, Type = AttributeProto.Types.AttributeType.Float, F = number },
        TensorProto tensor => new AttributeProto { Name = _name, Type = AttributeProto.Types.AttributeType.Tensor, T = tensor },
        _ => throw new InvalidOperationException($"Attribute '{_name}' holds a {_value.GetType().Name}; expected an integer, a float or a tensor."),
    };
}
