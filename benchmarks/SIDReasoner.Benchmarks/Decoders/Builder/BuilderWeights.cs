using System.Runtime.InteropServices;
using Onnx;
using SIDReasoner.Core.Checkpoints;
using SIDReasoner.Export.Onnx;

namespace SIDReasoner.Benchmarks.Decoders.Builder;

/// <summary>The data file of a <see cref="BuilderGraph"/>: a checkpoint's weights laid out as GenAI's builder lays them out.</summary>
internal sealed class BuilderWeights(OnnxGraphBuilder graph, SafetensorsReader reader, BuilderPrecision precision, FileStream file) : IDisposable
{
    private readonly string _location = Path.GetFileName(file.Name);

    /// <summary>Bits of a code.</summary>
    public int Bits => (int)precision;

    /// <summary>A vector or table as it is, float32.</summary>
    public OnnxValue Floats(string name, IReadOnlyList<long> shape, float[] values) => Add<float>(name, TensorProto.Types.DataType.Float, shape, values);

    /// <summary>A norm's weight.</summary>
    public OnnxValue Norm(string name, string source) => Floats(name, reader.Tensors[source].Shape, reader.ReadFloats(source));

    /// <summary>Matrices [out, in] that share their input, one under another, transposed to [in, outs].</summary>
    public (OnnxValue Weight, int Inputs, int Outputs) Transposed(string name, params string[] sources)
    {
        (float[] rows, int inputs, int outputs) = Rows(sources);
        float[] values = new float[rows.Length];
        Parallel.For(0, inputs, column =>
        {
            for (int row = 0; row < outputs; row++)
            {
                values[((long)column * outputs) + row] = rows[((long)row * inputs) + column];
            }
        });
        return (Floats(name + ".weight", [inputs, outputs], values), inputs, outputs);
    }

    /// <summary>The same matrices as codes [outs, blocks, bytes] and scales [outs, blocks].</summary>
    public (OnnxValue Codes, OnnxValue Scales, int Inputs, int Outputs) Quantized(string name, params string[] sources)
    {
        (float[] rows, int inputs, int outputs) = Rows(sources);
        int blocks = inputs / BlockQuantizer.BlockSize, bytes = inputs * Bits / 8;
        byte[] codes = new byte[(long)outputs * bytes];
        float[] scales = new float[outputs * blocks];
        Parallel.For(0, outputs, row =>
            BlockQuantizer.Quantize(rows.AsSpan(row * inputs, inputs), Bits, codes.AsSpan(row * bytes, bytes), scales.AsSpan(row * blocks, blocks)));
        OnnxValue code = Add<byte>($"{name}.weight_Q{Bits}", TensorProto.Types.DataType.Uint8, [outputs, blocks, bytes / blocks], codes);
        return (code, Floats(name + ".weight_scales", [outputs, blocks], scales), inputs, outputs);
    }

    /// <inheritdoc/>
    public void Dispose() => file.Dispose();

    private (float[] Values, int Inputs, int Outputs) Rows(string[] sources)
    {
        float[] values = [.. sources.SelectMany(reader.ReadFloats)];
        int inputs = (int)reader.Tensors[sources[0]].Shape[1];
        return (values, inputs, values.Length / inputs);
    }

    private OnnxValue Add<T>(string name, TensorProto.Types.DataType type, IReadOnlyList<long> shape, ReadOnlySpan<T> values)
        where T : unmanaged
    {
        ReadOnlySpan<byte> bytes = MemoryMarshal.AsBytes(values);
        OnnxValue value = graph.External(name, type, shape, _location, file.Position, bytes.Length);
        file.Write(bytes);
        return value;
    }
}
