using SIDReasoner.Core.Configuration;
using SIDReasoner.Export.Onnx;

namespace SIDReasoner.Export.Decoder;

/// <summary>Rotary position embedding: the tables' file, and the node for head sizes that attention cannot rotate itself.</summary>
internal static class RotaryEmbedding
{
    /// <summary>Name of the tables' file in the bundle: cos then sin, float32 [rows, D / 2] each, row-major, little-endian.</summary>
    public const string FileName = "rotary.bin";

    private const int AttentionMultiple = 16;

    /// <summary>Whether GroupQueryAttention rotates heads of this size.</summary>
    public static bool FitsAttention(ModelConfig config) => config.HeadSize % AttentionMultiple == 0;

    /// <summary>Rotates [B, S, heads * D] by the step's positions.</summary>
    public static OnnxValue Write(DecoderScope scope, string name, OnnxValue x, StepInputs step) =>
        scope.Graph.Node(
            name, "RotaryEmbedding", OnnxDomain.Microsoft, [x, step.PositionIds, step.Cos, step.Sin], new OnnxAttribute("interleaved", 0));

    /// <summary>Writes the tables for positions 0 to <paramref name="rows"/> - 1.</summary>
    /// <remarks>The angle is rounded to float32 before its cosine, as transformers does.</remarks>
    public static void WriteTables(Stream stream, ModelConfig config, int rows)
    {
        var frequencies = config.RotaryInverseFrequencies();
        var table = new float[(long)rows * frequencies.Length];
        foreach (var function in (Func<double, double>[])[Math.Cos, Math.Sin])
        {
            for (var row = 0; row < rows; row++)
            {
                for (var i = 0; i < frequencies.Length; i++)
                    table[row * frequencies.Length + i] = (float)function(row * frequencies[i]);
            }
            stream.Write(System.Runtime.InteropServices.MemoryMarshal.AsBytes<float>(table));
        }
    }
}
