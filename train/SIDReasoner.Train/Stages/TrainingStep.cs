namespace SIDReasoner.Train.Stages;

/// <summary>What a training run reports after each update.</summary>
/// <param name="Step">Updates made, from 1.</param>
/// <param name="TotalSteps">Updates in all.</param>
/// <param name="Loss">Of this update, mean natural-log loss a token.</param>
/// <param name="LearningRate">Of this update.</param>
/// <param name="GradientNorm">Before clipping.</param>
/// <param name="TokensPerSecond">Trained tokens a second since this process started training.</param>
/// <param name="TimeLeft">At the speed so far.</param>
public readonly record struct TrainingStep(int Step, int TotalSteps, double Loss, double LearningRate, double GradientNorm, double TokensPerSecond, TimeSpan TimeLeft);
