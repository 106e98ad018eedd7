namespace SIDReasoner.Runtime.GenAI;

/// <summary>How a bundle is loaded into GenAI. Answers do not depend on anything here but <see cref="Precision"/>.</summary>
public sealed record GenAiEngineOptions
{
    /// <summary>Threads of one run; runs of several sessions share them. Default 0: one a processor core.</summary>
    public int Threads { get; init; }

    /// <summary>Form of the weights, as the bundle lists them, or <c>auto</c>: int8 where there is one, the model is at least 512 wide and the processor multiplies bytes, else fp32. Default null: the bundle's first.</summary>
    public string? Precision { get; init; }

    /// <summary>Runs int8 also on a processor without VNNI: the same answers, but a smaller gain. Default false: that is refused.</summary>
    public bool ForcePrecision { get; init; }

    /// <summary>Lays weights out for the processor at load, for which they are copied into memory once. Default true; false saves that memory and is up to 1.3x slower.</summary>
    public bool Prepack { get; init; } = true;

    /// <summary>Lets idle threads wait busily for the next operator. Default false: a server's processors are shared.</summary>
    public bool Spin { get; init; }

    /// <summary>Idle generators kept for prompts that begin as theirs did, each with a KV cache. Default 0: one a processor core. At most 1,024.</summary>
    public int MaxIdleGenerators { get; init; }

    /// <summary>Runs only what a prompt does not share with a kept generator's. Default true; false computes every prompt whole.</summary>
    public bool ReusePrefixes { get; init; } = true;
}
