using System.Numerics.Tensors;
using System.Text.Json;
using SIDReasoner.Core;
using SIDReasoner.Core.Checkpoints;

namespace SIDReasoner.Export.Adapters;

/// <summary>A LoRA adapter as peft saves it: for some linear layers a product B A of low rank that is added to the weight, scaled.</summary>
internal sealed class LoraAdapter
{
    private const string ConfigFile = "adapter_config.json";
    private const string WeightsFile = "adapter_model.safetensors";
    private const string NamePrefix = "base_model.model.";

    // Settings under which the weights mean something else than alpha / r * B A.
    private static readonly string[] s_mustBeOff =
    [
        "use_dora", "fan_in_fan_out", "lora_bias", "use_qalora", "use_bdlora", "rank_pattern", "alpha_pattern", "modules_to_save", "layer_replication", "alora_invocation_tokens", "target_parameters",
        "trainable_token_indices",
    ];

    private LoraAdapter(string name, IReadOnlyList<LoraLayer> layers)
    {
        Name = name;
        Layers = layers;
    }

    /// <summary>The name that requests use.</summary>
    public string Name { get; }

    /// <summary>The adapted layers, in order of name.</summary>
    public IReadOnlyList<LoraLayer> Layers { get; }

    /// <summary>Reads an adapter's folder and compares it with the checkpoint it is for.</summary>
    /// <exception cref="SidReasonerException">The folder or a file is missing.</exception>
    /// <exception cref="InvalidFileException">A setting is not supported, or tensors and checkpoint disagree: every problem at once.</exception>
    public static LoraAdapter Load(string name, string folder, SafetensorsReader checkpoint)
    {
        var configPath = Path.Combine(folder, ConfigFile);
        var weightsPath = Path.Combine(folder, WeightsFile);
        foreach (var path in new[] { configPath, weightsPath })
        {
            if (!File.Exists(path))
                throw new SidReasonerException($"--adapter {name}: '{path}' does not exist; expected a folder as peft saves it, with {ConfigFile} and {WeightsFile}.");
        }

        var scale = Scale(configPath);
        using var weights = SafetensorsReader.Open(weightsPath);
        var problems = new List<string>();
        var layers = new List<LoraLayer>();
        foreach (var group in weights.Tensors.Values.GroupBy(tensor => LayerOf(tensor.Name)).OrderBy(group => group.Key, StringComparer.Ordinal))
        {
            var a = group.FirstOrDefault(tensor => tensor.Name.EndsWith(".lora_A.weight", StringComparison.Ordinal));
            var b = group.FirstOrDefault(tensor => tensor.Name.EndsWith(".lora_B.weight", StringComparison.Ordinal));
            if (group.Key is null || a is null || b is null || group.Count() != 2)
                problems.Add($"{string.Join(", ", group.Select(tensor => $"'{tensor.Name}'"))}: expected lora_A and lora_B of one layer.");
            else if (Problem(group.Key, a, b, checkpoint) is { } problem)
                problems.Add(problem);
            else
                layers.Add(new LoraLayer(group.Key, (int)a.Shape[0], (int)a.Shape[1], (int)b.Shape[0], weights.ReadFloats(a.Name), Scaled(weights.ReadFloats(b.Name), scale((int)a.Shape[0]))));
        }

        if (problems.Count == 0 && layers.Count == 0)
            problems.Add("it holds no tensor.");
        problems.AddRange(layers.Where(layer => !TensorPrimitives.IsFiniteAll<float>(layer.A) || !TensorPrimitives.IsFiniteAll<float>(layer.B))
            .Select(layer => $"'{layer.Name}' holds a value that is no finite number, also after scaling; expected finite ones."));
        return problems.Count == 0 ? new LoraAdapter(name, layers) : throw new InvalidFileException(weightsPath, problems);
    }

    private static string? LayerOf(string tensor)
    {
        var end = tensor.IndexOf(".lora_", StringComparison.Ordinal);
        return end > NamePrefix.Length && tensor.StartsWith(NamePrefix, StringComparison.Ordinal) ? tensor[NamePrefix.Length..end] : null;
    }

    private static string? Problem(string layer, TensorInfo a, TensorInfo b, SafetensorsReader checkpoint)
    {
        if (!layer.EndsWith("_proj", StringComparison.Ordinal) || !checkpoint.Tensors.TryGetValue(layer + ".weight", out var weight))
            return $"'{a.Name}' is for layer '{layer}'; the checkpoint has no such projection.";
        return a.Shape.Count == 2 && b.Shape.Count == 2 && a.Shape[0] == b.Shape[1] && a.Shape[1] == weight.Shape[1] && b.Shape[0] == weight.Shape[0]
            ? null
            : $"'{layer}' has lora_A [{string.Join(", ", a.Shape)}] and lora_B [{string.Join(", ", b.Shape)}]; the checkpoint's weight [{string.Join(", ", weight.Shape)}] needs [r, {weight.Shape[1]}] and [{weight.Shape[0]}, r].";
    }

    private static Func<int, float> Scale(string path)
    {
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(path));
            var root = document.RootElement;
            var problems = s_mustBeOff
                .Where(setting => root.TryGetProperty(setting, out var value) && IsOn(value))
                .Select(setting => $"'{setting}' is set, which is not supported; train the adapter without it, or merge it into the checkpoint.")
                .ToList();
            if (!root.TryGetProperty("peft_type", out var type) || type.GetString() != "LORA")
                problems.Add($"'peft_type' is {(type.ValueKind == JsonValueKind.String ? $"'{type.GetString()}'" : "missing")}; expected 'LORA'.");
            if (root.TryGetProperty("bias", out var bias) && bias.GetString() is not (null or "none"))
                problems.Add($"'bias' is '{bias.GetString()}'; expected 'none'.");
            if (problems.Count > 0)
                throw new InvalidFileException(path, problems);
            var alpha = root.GetProperty("lora_alpha").GetSingle();
            var byRoot = root.TryGetProperty("use_rslora", out var stabilized) && stabilized.ValueKind == JsonValueKind.True;
            return rank => alpha / (byRoot ? MathF.Sqrt(rank) : rank);
        }
        catch (Exception error) when (error is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new InvalidFileException(path, $"{error.Message} Expected adapter_config.json as peft writes it.");
        }
    }

    private static bool IsOn(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.Object => value.EnumerateObject().Any(),
        JsonValueKind.Array => value.GetArrayLength() > 0,
        _ => false,
    };

    private static float[] Scaled(float[] values, float factor)
    {
        for (var i = 0; i < values.Length; i++)
            values[i] *= factor;
        return values;
    }
}
