namespace SIDReasoner.Train.Quantization;

/// <summary>What a k-means fit found.</summary>
/// <param name="Centers">float64 [K, width], row-major.</param>
/// <param name="Labels">Nearest center of each row, [n].</param>
/// <param name="Inertia">Sum over the rows of the squared distance to their center.</param>
/// <param name="Iterations">Rounds of assignment and update that ran.</param>
public sealed record KMeansResult(double[] Centers, int[] Labels, double Inertia, int Iterations);
