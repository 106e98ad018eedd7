using System.ComponentModel.DataAnnotations;

namespace SIDReasoner.Runtime;

/// <summary>How a <see cref="Recommender"/> is opened.</summary>
public sealed class RecommenderOptions
{
    /// <summary>256 MiB: the system prompt and a few last users of a 0.6 B Qwen3 (224 KiB a token), a tenth of its weights; thousands of users of a small one.</summary>
    public const long DefaultPrefixCacheBytes = 256L << 20;

    /// <summary>The bundle's folder.</summary>
    [Required(AllowEmptyStrings = false)]
    public string BundlePath { get; set; } = "";

    /// <summary>Threads that one forward uses. Default 0: all cores. 0 to 1,024.</summary>
    [Range(0, 1024)]
    public int Threads { get; set; }

    /// <summary>Requests computed at once; further callers wait their turn. Default 0: one a core. 0 to 1,024. Each has a KV cache of its own.</summary>
    [Range(0, 1024)]
    public int MaxParallel { get; set; }

    /// <summary>Which kernel selects beams. Default <see cref="KernelChoice.Auto"/>: the native one where it can be loaded.</summary>
    public KernelChoice Kernel { get; set; }

    /// <summary>Form of the weights, as the bundle lists them: <c>fp32</c>, <c>int8</c>; or <c>auto</c>, which goes by width and processor. Default null: the bundle's first.</summary>
    public string? Precision { get; set; }

    /// <summary>Runs int8 also on a processor without VNNI: the same answers, but a smaller gain. Default false: that is refused.</summary>
    public bool ForcePrecision { get; set; }

    /// <summary>
    /// Most memory for keys and values of earlier prompts, shared by all requests: a prompt that begins as one of them did runs only the
    /// rest. Default <see cref="DefaultPrefixCacheBytes"/>; 0 keeps none, and then equal requests give equal bits in any order. GenAI, whose generators
    /// keep their own, goes by zero or not.
    /// </summary>
    [Range(0, long.MaxValue)]
    public long PrefixCacheBytes { get; set; } = DefaultPrefixCacheBytes;

    /// <summary>
    /// Lays weights out for the processor at load, for which they are copied into memory once. Default true; false reads float32 weights where the
    /// file is mapped, which other processes share and the system may drop, and is up to 1.3x slower.
    /// </summary>
    public bool Prepack { get; set; } = true;
}
