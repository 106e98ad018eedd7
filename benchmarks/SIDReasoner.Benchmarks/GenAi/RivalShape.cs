namespace SIDReasoner.Benchmarks.GenAi;

/// <summary>Sizes of a random Qwen3 with a tied head, and of its catalogue of three levels of 256 codes.</summary>
internal sealed record RivalShape
{
    /// <summary>Width 256, 4 layers, 4,096 tokens, 3,000 items: 4.2 M weights.</summary>
    public static RivalShape Small { get; } = new();

    /// <summary>Width 512, 6 layers, Qwen3's own 151,669 tokens and 768 SID tokens, 20,000 items: 97.0 M weights, 78.0 M of them embeddings and head.</summary>
    public static RivalShape Qwen { get; } = new()
    {
        Width = 512,
        Mlp = 1536,
        Layers = 6,
        HeadSize = 64,
        Vocabulary = 151_669 + 768,
        Items = 20_000,
        Precisions = Decoders.ModelForms.Ours,
    };

    /// <summary>Width 512, 12 layers, 32,768 tokens: 54.5 M weights, 31 % of them embeddings and head, which is nearer to Qwen3-1.7B's 18 %.</summary>
    public static RivalShape Deep { get; } = Qwen with { Layers = 12, Vocabulary = 32_768, Precisions = ["fp32"] };

    public int Width { get; init; } = 256;

    public int Mlp { get; init; } = 768;

    public int Layers { get; init; } = 4;

    public int Heads { get; init; } = 8;

    public int KvHeads { get; init; } = 4;

    public int HeadSize { get; init; } = 32;

    /// <summary>Tokens, SID tokens among them.</summary>
    public int Vocabulary { get; init; } = 4096;

    public int Items { get; init; } = 3_000;

    /// <summary>Forms of the weights in the bundle, the default one first.</summary>
    public IReadOnlyList<string> Precisions { get; init; } = ["fp32"];

    /// <summary>Weights, norms not counted.</summary>
    public long Parameters => ((long)Vocabulary * Width) + (Layers * ((2L * Width * HeadSize * (Heads + KvHeads)) + (3L * Width * Mlp)));
}
