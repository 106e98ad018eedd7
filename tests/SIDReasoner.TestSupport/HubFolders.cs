using System.Diagnostics;
using System.IO.Compression;
using System.Text.Json.Nodes;

namespace SIDReasoner.TestSupport;

/// <summary>Checkpoints of the shared data, put together as a hub's folder has them.</summary>
public static class HubFolders
{
    /// <summary>models/qwen3-industrial: the base tokenizer with the SID tokens appended, as its README says.</summary>
    /// <param name="folder">An existing folder to fill.</param>
    public static void WriteIndustrial(string folder)
    {
        string model = GoldenCases.RequireData("models/qwen3-industrial");
        string tokenizer = GoldenCases.RequireData("tokenizer-qwen3/tokenizer.json.gz");
        foreach (string file in new[] { "model.safetensors", "config.json", "generation_config.json", "prompt.json", "tokenizer_config.json" })
        {
            File.Copy(Path.Combine(model, file), Path.Combine(folder, file));
        }

        using var packed = new GZipStream(File.OpenRead(tokenizer), CompressionMode.Decompress);
        JsonNode json = JsonNode.Parse(packed)!;
        foreach (JsonNode? token in JsonNode.Parse(File.ReadAllText(Path.Combine(model, "tokenizer.added.json")))!.AsArray())
        {
            json["added_tokens"]!.AsArray().Add(token!.DeepClone());
        }

        File.WriteAllText(Path.Combine(folder, "tokenizer.json"), json.ToJsonString());
    }

    /// <summary>models/smollm2-135m: weights made from the GGUF by the converter that lies beside it (269 MB).</summary>
    /// <param name="folder">An existing folder to fill.</param>
    public static void WriteSmol(string folder)
    {
        string model = GoldenCases.RequireData("models/smollm2-135m");
        foreach (string file in new[] { "config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json" })
        {
            File.Copy(Path.Combine(model, file), Path.Combine(folder, file));
        }

        string converter = Path.Combine(folder, "to-safetensors");
        Run("cc", "-O2", "-o", converter, Path.Combine(model, "to-safetensors.c"));
        Run(converter, Path.Combine(model, "SmolLM2-135M-Instruct.Q4_1.gguf"), Path.Combine(folder, "model.safetensors"));
        File.Delete(converter);
    }

    private static void Run(string program, params string[] arguments)
    {
        using Process process = Process.Start(program, arguments);
        process.WaitForExit();
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"'{program} {string.Join(' ', arguments)}' ended with exit code {process.ExitCode}.");
        }
    }
}
