using Google.Protobuf;
using Microsoft.ML.OnnxRuntime;
using Onnx;
using SIDReasoner.Core.Checkpoints;
using SIDReasoner.Export.Decoder;
using SIDReasoner.Export.Onnx;
using SIDReasoner.Export.Precision;
using SIDReasoner.Runtime.Model;

namespace SIDReasoner.Runtime.Tests.Precision;

/// <summary>A graph of nothing but one call of a precision's writer, run by ONNX Runtime: x float32 [B, S, in] -> each part [B, S, out].</summary>
internal sealed class LinearGraph : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("sidr-linear-").FullName;
    private readonly InferenceSession _session;
    private readonly string[] _outputs;
    private readonly int _inputs;

    /// <param name="parts">Weights [out][in] and bias, null where there is none.</param>
    /// <param name="writer">Makes the writer.</param>
    /// <param name="isHead">Whether the one part is a text head.</param>
    /// <param name="rotation">A rotation of the residual stream, whose readers are <c>part0.weight</c>, ...; <c>norm.weight</c> is 1. Null for none.</param>
    /// <param name="inputRotation">A rotation of inputs. Null for none.</param>
    public LinearGraph(
        IReadOnlyList<(float[][] Weights, float[]? Bias)> parts,
        Func<OnnxGraphBuilder, ScaledWeights, WeightFile, ILinearWriter> writer,
        bool isHead = false,
        ResidualRotation? rotation = null,
        BlockRotation? inputRotation = null)
    {
        _inputs = parts[0].Weights[0].Length;
        var tensors = new List<TensorData> { TensorData.FromFloats("norm.weight", [_inputs], [.. Enumerable.Repeat(1f, _inputs)]) };
        for (var i = 0; i < parts.Count; i++)
        {
            tensors.Add(TensorData.FromFloats($"part{i}.weight", [parts[i].Weights.Length, _inputs], [.. parts[i].Weights.SelectMany(row => row)]));
            if (parts[i].Bias is { } bias)
                tensors.Add(TensorData.FromFloats($"part{i}.bias", [bias.Length], bias));
        }

        SafetensorsWriter.Write(Path.Combine(_folder, "model.safetensors"), tensors);
        using var reader = SafetensorsReader.Open(_folder);
        var graph = new OnnxGraphBuilder("test");
        var x = graph.Input("x", TensorProto.Types.DataType.Float, "batch", "rows", _inputs);
        using (var file = new WeightFile(Path.Combine(_folder, "weights.bin")))
        {
            var linears = writer(graph, new ScaledWeights(reader, ChannelScales.None, rotation, inputRotation), file);
            var rows = graph.Op("rows", "Shape", [x], new OnnxAttribute("start", 1), new OnnxAttribute("end", 2));
            var values = isHead
                ? [linears.TextHead("part0", x, rows, "part0.weight")]
                : linears.Linears(x, mayBeEmpty: true, [.. parts.Select((part, i) => new LinearPart($"part{i}", part.Bias is not null))]);
            for (var i = 0; i < values.Length; i++)
                graph.Output(values[i], TensorProto.Types.DataType.Float, "batch", "rows", parts[i].Weights.Length);
            _outputs = [.. values.Select(value => value.Name)];
        }

        var path = Path.Combine(_folder, "model.onnx");
        File.WriteAllBytes(path, graph.Build().ToByteArray());
        using var options = new SessionOptions { IntraOpNumThreads = 1, LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR };
        options.AddSessionConfigEntry(Int8Support.ExactSumsSetting, Int8Support.ExactSums);
        options.OptimizedModelFilePath = OptimizedPath;
        _session = new InferenceSession(path, options);
    }

    /// <summary>The graph as ONNX Runtime runs it.</summary>
    public ModelProto Optimized => ModelProto.Parser.ParseFrom(File.ReadAllBytes(OptimizedPath));

    private string OptimizedPath => Path.Combine(_folder, "optimized.onnx");

    /// <summary>Runs [B, S, in], and gives each part's [B, S, out].</summary>
    public float[][] Run(float[] x, int batch, int rows)
    {
        using var input = OrtValue.CreateTensorValueFromMemory(x, [batch, rows, _inputs]);
        using var run = new RunOptions();
        using var results = _session.Run(run, ["x"], [input], _outputs);
        return [.. results.Select(result => result.GetTensorDataAsSpan<float>().ToArray())];
    }

    public void Dispose()
    {
        _session.Dispose();
        Directory.Delete(_folder, recursive: true);
    }
}
