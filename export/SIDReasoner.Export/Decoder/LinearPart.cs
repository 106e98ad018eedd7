namespace SIDReasoner.Export.Decoder;

/// <summary>One projection of the checkpoint.</summary>
/// <param name="Name">Its name without <c>.weight</c>.</param>
/// <param name="HasBias">Whether <c>.bias</c> lies beside.</param>
internal readonly record struct LinearPart(string Name, bool HasBias)
{
    /// <summary>The matrix [out, in].</summary>
    public string Weight => Name + ".weight";

    /// <summary>The bias [out].</summary>
    public string Bias => Name + ".bias";
}
