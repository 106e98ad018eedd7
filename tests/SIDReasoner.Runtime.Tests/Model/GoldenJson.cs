using System.Text.Json;

namespace SIDReasoner.Runtime.Tests.Model;

/// <summary>Small helpers over golden files.</summary>
internal static class GoldenJson
{
    public static JsonElement Read(string path)
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(path));
        return document.RootElement.Clone();
    }

    public static int[] Ints(this JsonElement array) => [.. array.EnumerateArray().Select(e => e.GetInt32())];

    public static float[] Floats(this JsonElement array) => [.. array.EnumerateArray().Select(e => e.GetSingle())];

    /// <summary>The largest absolute difference; NaN where one side is.</summary>
    public static float Distance(ReadOnlySpan<float> actual, ReadOnlySpan<float> expected)
    {
        if (actual.Length != expected.Length)
            throw new ArgumentException($"{actual.Length} values; expected {expected.Length}.");
        var largest = 0f;
        for (var i = 0; i < actual.Length; i++)
            largest = MathF.Max(largest, MathF.Abs(actual[i] - expected[i]));
        return largest;
    }

    /// <summary>Index of the largest value, the first of equals.</summary>
    public static int Best(ReadOnlySpan<float> values) => System.Numerics.Tensors.TensorPrimitives.IndexOfMax(values);
}
