using System.IO.Compression;
using SIDReasoner.Core.Text;
using SIDReasoner.TestSupport;

namespace SIDReasoner.Core.Tests.Text;

/// <summary>Loads each shared tokenizer once; they take a second.</summary>
internal static class TokenizerFolders
{
    private static readonly Lock Gate = new();
    private static readonly Dictionary<string, ByteLevelBpeTokenizer> Loaded = [];

    /// <summary>The tokenizer of a folder of shared data, whether its tokenizer.json is packed or not.</summary>
    public static ByteLevelBpeTokenizer Load(string folder)
    {
        lock (Gate)
        {
            if (!Loaded.TryGetValue(folder, out var tokenizer))
                Loaded[folder] = tokenizer = File.Exists(Path.Combine(folder, "tokenizer.json")) ? ByteLevelBpeTokenizer.Load(folder) : LoadPacked(folder);
            return tokenizer;
        }
    }

    public static ByteLevelBpeTokenizer Qwen3() => Load(GoldenCases.RequireData("tokenizer-qwen3"));

    private static ByteLevelBpeTokenizer LoadPacked(string folder)
    {
        using var temporary = new TempFolder();
        using (var packed = new GZipStream(File.OpenRead(Path.Combine(folder, "tokenizer.json.gz")), CompressionMode.Decompress))
        using (var unpacked = File.Create(temporary.File("tokenizer.json")))
            packed.CopyTo(unpacked);
        return ByteLevelBpeTokenizer.Load(temporary.Root);
    }
}
