using SIDReasoner.Core.Checkpoints;

namespace SIDReasoner.TestSupport;

/// <summary>A LoRA adapter with random weights for a <see cref="RandomCheckpoint"/>, as peft saves one.</summary>
public static class RandomAdapter
{
    /// <summary>Writes adapter_config.json and adapter_model.safetensors.</summary>
    /// <param name="checkpoint">The checkpoint it is for.</param>
    /// <param name="name">Its folder beside the checkpoint.</param>
    /// <param name="seed">The seed of its weights.</param>
    /// <param name="rank">r.</param>
    /// <param name="settings">Further settings as JSON fields, such as "\"use_dora\": true".</param>
    /// <param name="modules">Layers to adapt, such as "q_proj"; default the query, value and down projections.</param>
    /// <returns>The folder.</returns>
    public static string Write(RandomCheckpoint checkpoint, string name, int seed, int rank = 4, string settings = "\"use_dora\": false", params string[] modules)
    {
        var random = new Random(seed);
        string folder = Directory.CreateDirectory(Path.Combine(checkpoint.Root, name)).FullName;
        string[] adapted = modules.Length > 0 ? modules : ["q_proj", "v_proj", "down_proj"];
        using SafetensorsReader weights = SafetensorsReader.Open(checkpoint.Folder);
        var tensors = new List<TensorData>();
        foreach (TensorInfo weight in weights.Tensors.Values.Where(tensor => adapted.Any(module => tensor.Name.EndsWith($".{module}.weight", StringComparison.Ordinal))))
        {
            string layer = "base_model.model." + weight.Name[..^".weight".Length];
            tensors.Add(TensorData.FromFloats(layer + ".lora_A.weight", [rank, weight.Shape[1]], Draw(random, rank * (int)weight.Shape[1])));
            tensors.Add(TensorData.FromFloats(layer + ".lora_B.weight", [weight.Shape[0], rank], Draw(random, rank * (int)weight.Shape[0])));
        }

        SafetensorsWriter.Write(Path.Combine(folder, "adapter_model.safetensors"), tensors);
        string list = string.Join(", ", adapted.Select(module => $"\"{module}\""));
        File.WriteAllText(Path.Combine(folder, "adapter_config.json"), $$"""{"peft_type": "LORA", "r": {{rank}}, "lora_alpha": 8, "bias": "none", "target_modules": [{{list}}], {{settings}}}""");
        return folder;
    }

    private static float[] Draw(Random random, int count) => [.. Enumerable.Range(0, count).Select(_ => random.NextSingle() - 0.5f)];
}
