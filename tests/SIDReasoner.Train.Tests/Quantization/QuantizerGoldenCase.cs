using System.Runtime.InteropServices;
using System.Text.Json;
using SIDReasoner.Core.Checkpoints;
using SIDReasoner.TestSupport;

namespace SIDReasoner.Train.Tests.Quantization;

/// <summary>One case of the reference quantizer's numbers: its line of quantiser.json and its tensors.</summary>
internal sealed class QuantizerGoldenCase : IDisposable
{
    private readonly SafetensorsReader _tensors;
    private readonly string _key;

    private QuantizerGoldenCase(JsonElement facts, SafetensorsReader tensors, string key)
    {
        Facts = facts;
        _tensors = tensors;
        _key = key;
    }

    public JsonElement Facts { get; }

    private static string Folder => Path.Combine(GoldenCases.Root, "method", "quantiser");

    /// <summary>The keys of a part ("kmeans", "residual"), or one row that skips where there are none.</summary>
    public static TheoryData<string> Keys(string part)
    {
        var keys = new TheoryData<string>();
        string path = Path.Combine(Folder, "quantiser.json");
        if (File.Exists(path))
        {
            foreach (JsonElement line in Read(path).GetProperty(part).EnumerateArray())
            {
                keys.Add(line.GetProperty("key").GetString()!);
            }
        }
        else
        {
            keys.Add(GoldenCases.Absent);
        }

        return keys;
    }

    public static QuantizerGoldenCase Open(string part, string key)
    {
        Skip.If(key == GoldenCases.Absent, $"No quantizer numbers in '{Folder}': set SIDR_GOLDEN to the folder that holds 'method'.");
        JsonElement facts = Read(Path.Combine(Folder, "quantiser.json")).GetProperty(part).EnumerateArray()
            .Single(line => line.GetProperty("key").GetString() == key);
        return new QuantizerGoldenCase(facts, SafetensorsReader.Open(Path.Combine(Folder, $"{part}.safetensors")), key);
    }

    public double[] Doubles(string name) => MemoryMarshal.Cast<byte, double>(_tensors.Bytes($"{_key}/{name}")).ToArray();

    public int[] Ints(string name) => MemoryMarshal.Cast<byte, int>(_tensors.Bytes($"{_key}/{name}")).ToArray();

    /// <summary>float64 rule of the golden files: 1e-9, relative or absolute, whichever is wider.</summary>
    public static void AssertClose(ReadOnlySpan<double> expected, ReadOnlySpan<double> actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (int i = 0; i < expected.Length; i++)
        {
            Assert.InRange(Math.Abs(expected[i] - actual[i]), 0, 1e-9 * Math.Max(1, Math.Abs(expected[i])));
        }
    }

    private static JsonElement Read(string path)
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(path));
        return document.RootElement.Clone();
    }

    public void Dispose() => _tensors.Dispose();
}
