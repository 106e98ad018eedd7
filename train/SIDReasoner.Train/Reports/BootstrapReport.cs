using SIDReasoner.Core.Evaluation;

namespace SIDReasoner.Train.Reports;

/// <summary>A difference with its interval.</summary>
/// <param name="Difference">Model minus baseline.</param>
/// <param name="Low">Lower end of the 95 % interval.</param>
/// <param name="High">Upper end.</param>
/// <param name="ProbabilityNotBetter">Share of resamples in which the model is not better.</param>
public sealed record BootstrapReport(double Difference, double Low, double High, double ProbabilityNotBetter)
{
    /// <summary>Compares two systems row by row.</summary>
    /// <param name="model">A value a row.</param>
    /// <param name="baseline">The other system's values on the same rows.</param>
    /// <returns>The difference of their means, 10,000 resamples, always the same ones.</returns>
    public static BootstrapReport Compare(double[] model, double[] baseline)
    {
        PairedBootstrap result = PairedBootstrap.Compare(model, baseline, seed: 0);
        return new BootstrapReport(result.Difference, result.Low, result.High, result.ProbabilityNotBetter);
    }
}
