namespace SIDReasoner.Core.Checkpoints;

/// <summary>Sizes and file names of <see cref="TensorDType"/>.</summary>
public static class TensorDTypes
{
    /// <summary>Bytes of one element.</summary>
    public static int Size(this TensorDType type) => type switch
    {
        TensorDType.F64 or TensorDType.I64 => 8,
        TensorDType.F32 or TensorDType.I32 => 4,
        TensorDType.F16 or TensorDType.BF16 or TensorDType.I16 => 2,
        TensorDType.I8 or TensorDType.U8 or TensorDType.Bool => 1,
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "Not an element type."),
    };

    /// <summary>The name in a safetensors header: "F32", "BF16", "BOOL".</summary>
    public static string FileName(this TensorDType type) => type == TensorDType.Bool ? "BOOL" : type.ToString();

    /// <summary>Reads a safetensors name. False for a type that is not read here (8-bit floats, complex numbers).</summary>
    public static bool TryParse(string name, out TensorDType type)
    {
        foreach (var candidate in Enum.GetValues<TensorDType>())
        {
            if (candidate.FileName() == name)
            {
                type = candidate;
                return true;
            }
        }

        type = default;
        return false;
    }
}
