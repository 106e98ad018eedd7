namespace SIDReasoner.Core.Configuration;

/// <summary>Rotary scaling of Llama 3.1: long wavelengths divided by a factor, short ones left, a ramp between.</summary>
/// <param name="Factor">Long wavelengths are divided by it, at least 1.</param>
/// <param name="LowFrequencyFactor">Wavelengths above OriginalMaxPositions / this are scaled whole.</param>
/// <param name="HighFrequencyFactor">Wavelengths below OriginalMaxPositions / this are left; larger than <paramref name="LowFrequencyFactor"/>.</param>
/// <param name="OriginalMaxPositions">Positions the model was first trained on.</param>
public sealed record Llama3RopeScaling(double Factor, double LowFrequencyFactor, double HighFrequencyFactor, int OriginalMaxPositions);
