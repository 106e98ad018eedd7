using SIDReasoner.Export.Precision;

namespace SIDReasoner.Benchmarks.Decoders;

/// <summary>Which forms of our weights are compared: those of these that export writes.</summary>
internal static class ModelForms
{
    /// <summary>fp32 first.</summary>
    public static IReadOnlyList<string> Ours { get; } = [.. new[] { "fp32", "int8", "int4" }.Where(PrecisionForms.Names.Contains)];
}
