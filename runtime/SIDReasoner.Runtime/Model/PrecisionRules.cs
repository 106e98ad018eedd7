using SIDReasoner.Core;
using SIDReasoner.Core.Bundles;

namespace SIDReasoner.Runtime.Model;

/// <summary>Which form of a bundle's weights runs: what the caller names, or what suits model and processor.</summary>
/// <remarks>Precision changes answers, so nothing is chosen unasked: without a name the bundle's first runs.</remarks>
internal static class PrecisionRules
{
    /// <summary>The name that leaves the choice to width and processor.</summary>
    public const string Auto = "auto";

    private const string Int8 = "int8";

    /// <summary>Below this width no 8-bit product is faster than float32.</summary>
    private const int LeastInt8Width = 512;

    /// <summary>The form that runs.</summary>
    /// <param name="manifest">What the bundle has.</param>
    /// <param name="bundlePath">For messages.</param>
    /// <param name="requested">A name, <see cref="Auto"/>, or null for the bundle's first.</param>
    /// <param name="force">Runs int8 where the processor is not made for it.</param>
    /// <param name="hasInt8Dot">Whether the processor is: <see cref="Int8Support.IsPresent"/>.</param>
    /// <exception cref="SidReasonerException">The bundle lacks it, or this processor gains little by it.</exception>
    public static BundlePrecision Choose(BundleManifest manifest, string bundlePath, string? requested, bool force, bool hasInt8Dot)
    {
        var forms = manifest.Precisions;
        BundlePrecision? Find(string name) => forms.FirstOrDefault(p => p.Name == name);
        var chosen = requested switch
        {
            null => forms[0],
            Auto => (hasInt8Dot && manifest.HiddenSize >= LeastInt8Width ? Find(Int8) : null) ?? Find("fp32") ?? forms[0],
            _ => Find(requested)
                ?? throw new SidReasonerException(
                    $"Bundle '{bundlePath}' has no precision '{requested}'; it has {string.Join(", ", forms.Select(p => $"'{p.Name}'"))}. Export it again with --precision {requested}."),
        };
        if (chosen.Name == Int8 && !hasInt8Dot && !force)
        {
            throw new SidReasonerException(
                "Precision 'int8' needs a processor with AVX-512 VNNI or AVX-VNNI, and this one has neither: products gain little there (answers stay the same). Choose another precision, or force it (--force-precision, ForcePrecision).");
        }

        return chosen;
    }
}
