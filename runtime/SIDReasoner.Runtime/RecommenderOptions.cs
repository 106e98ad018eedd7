using System.ComponentModel.DataAnnotations;

namespace SIDReasoner.Runtime;

/// <summary>How a <see cref="Recommender"/> is opened.</summary>
public sealed class RecommenderOptions
{
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

    /// <summary>Runs int8 also on a processor without VNNI, where it is slow and sums may saturate. Default false: that is refused.</summary>
    public bool ForcePrecision { get; set; }
}
