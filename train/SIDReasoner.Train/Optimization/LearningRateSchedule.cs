namespace SIDReasoner.Train.Optimization;

/// <summary>The factor on the base rate of each update, as transformers' schedules give it.</summary>
/// <param name="Shape">What follows the warm-up.</param>
/// <param name="WarmupSteps">Updates of linear rise; with a warm-up the first update has rate 0.</param>
/// <param name="TotalSteps">Updates in all.</param>
public sealed record LearningRateSchedule(ScheduleShape Shape, int WarmupSteps, int TotalSteps)
{
    /// <summary>The factor of one update.</summary>
    /// <param name="step">Updates made before it, from 0.</param>
    /// <returns>From 0 to 1; past the end the cosine rises again, as transformers' does.</returns>
    public double Factor(int step)
    {
        if (step < WarmupSteps)
        {
            return (double)step / Math.Max(1, WarmupSteps);
        }

        double length = Math.Max(1, TotalSteps - WarmupSteps);
        return Shape switch
        {
            ScheduleShape.Constant => 1,
            ScheduleShape.Linear => Math.Max(0, (TotalSteps - step) / length),
            _ => Math.Max(0, 0.5 * (1 + Math.Cos(Math.PI * ((step - WarmupSteps) / length)))),
        };
    }
}
