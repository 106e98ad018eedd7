using SIDReasoner.Core;
using SIDReasoner.Core.Checkpoints;
using SIDReasoner.Export.Decoder;
using SIDReasoner.Export.Onnx;
using SIDReasoner.Export.Precision.Calibration;

namespace SIDReasoner.Export.Precision;

/// <summary>The forms of the weights that can be written.</summary>
internal static class PrecisionForms
{
    /// <summary>The checkpoint's own weights, computed in float32.</summary>
    public const string Float32 = "fp32";

    /// <summary>8-bit products by rows.</summary>
    public const string Int8 = "int8";

    /// <summary>4-bit products in blocks.</summary>
    public const string Int4 = "int4";

    /// <summary>Their names.</summary>
    public static IReadOnlyList<string> Names => [Float32, Int8, Int4];

    /// <summary>The graph's file in the bundle.</summary>
    public static string ModelFile(string precision) => precision == Float32 ? "model.onnx" : $"model.{precision}.onnx";

    /// <summary>The weights' file in the bundle; null where the graph points into the checkpoint's.</summary>
    public static string? DataFile(string precision) => precision == Float32 ? null : $"model.{precision}.bin";

    /// <summary>Weights and products of a precision.</summary>
    /// <param name="precision">One of <see cref="Names"/>.</param>
    /// <param name="graph">The graph under construction.</param>
    /// <param name="checkpoint">Settings and weights.</param>
    /// <param name="file">The precision's own file; null where it has none.</param>
    /// <param name="magnitudes">What <see cref="ChannelMagnitudes"/> found; null where nothing was measured. float32 weights stay as they are.</param>
    /// <param name="adapted">Names of the projections that some adapter changes, without <c>.weight</c>.</param>
    /// <exception cref="SidReasonerException">The name is not known.</exception>
    public static DecoderScope Scope(
        string precision, OnnxGraphBuilder graph, CheckpointFolder checkpoint, WeightFile? file, IReadOnlyDictionary<string, float[]>? magnitudes, IReadOnlySet<string> adapted)
    {
        var stored = new CheckpointWeights(graph, checkpoint.Weights);
        if (precision == Float32)
            return new DecoderScope(graph, checkpoint.Config, stored, new Float32LinearWriter(graph, stored));
        var scaled = Weights(precision, checkpoint, magnitudes, adapted);
        var real = new QuantizedWeights(graph, stored, scaled, file!);
        return precision switch
        {
            Int8 => new DecoderScope(graph, checkpoint.Config, real, new Int8LinearWriter(graph, scaled, file!)),
            Int4 => new DecoderScope(graph, checkpoint.Config, real, new Int4LinearWriter(graph, scaled, file!)),
            _ => throw Unknown(precision),
        };
    }

    /// <summary>Refuses a name that is not known.</summary>
    /// <exception cref="SidReasonerException">It is not.</exception>
    public static void Check(string precision)
    {
        if (!Names.Contains(precision))
            throw Unknown(precision);
    }

    /// <summary>
    /// What a precision rounds: with 8 bits down_proj's inputs are rotated, and the residual stream unless an adapter reads and writes it; with 4 that would cost more than it gains
    /// (docs/decisions/precision.md).
    /// </summary>
    private static ScaledWeights Weights(
        string precision, CheckpointFolder checkpoint, IReadOnlyDictionary<string, float[]>? magnitudes, IReadOnlySet<string> adapted)
    {
        var rotation = precision == Int8 && adapted.Count == 0 ? ResidualRotation.Of(checkpoint) : null;
        var scales = magnitudes is null ? ChannelScales.None : ChannelFolding.Scales(checkpoint, magnitudes, adapted, isRotated: rotation is not null);
        return new ScaledWeights(checkpoint.Weights, scales, rotation, precision == Int8 ? BlockRotation.Of(checkpoint) : null);
    }

    private static SidReasonerException Unknown(string precision) =>
        new($"--precision '{precision}' is not known; expected {string.Join(", ", Names.Select(n => $"'{n}'"))}.");
}
