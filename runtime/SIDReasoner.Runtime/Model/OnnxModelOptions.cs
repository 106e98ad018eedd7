namespace SIDReasoner.Runtime.Model;

/// <summary>How a model is loaded. Answers do not depend on anything here but <see cref="Precision"/>, up to the last digits where prompts are cut elsewhere (<see cref="PrefixCacheBytes"/>).</summary>
public sealed record OnnxModelOptions
{
    /// <summary>Threads of one run; runs of several sessions share them. Default 0: one a processor core.</summary>
    public int Threads { get; init; }

    /// <summary>Form of the weights, as the bundle lists them, or <c>auto</c>: int8 where there is one, the model is at least 512 wide and the processor multiplies bytes, else fp32. Default null: the bundle's first.</summary>
    public string? Precision { get; init; }

    /// <summary>Runs int8 also on a processor without VNNI: the same answers, but a smaller gain. Default false: that is refused.</summary>
    public bool ForcePrecision { get; init; }

    /// <summary>Lays weights out for the processor at load, for which they are copied into memory once. Default true; false saves that memory and is up to 1.3x slower.</summary>
    public bool Prepack { get; init; } = true;

    /// <summary>Most memory for keys and values of earlier prompts: a prompt that begins as one of them did runs only the rest. Default 0: none are kept.</summary>
    public long PrefixCacheBytes { get; init; }

    /// <summary>Lets idle threads wait busily for the next operator. Default false: a server's processors are shared.</summary>
    public bool Spin { get; init; }
}
