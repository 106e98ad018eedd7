using SIDReasoner.Train.Stages;

namespace SIDReasoner.Train.Hosting;

/// <summary>Where a run's progress is shown.</summary>
internal interface ITrainingDisplay
{
    /// <summary>Runs work that reports updates and lines through this display.</summary>
    /// <param name="title">What is trained.</param>
    /// <param name="work">The work; called once, on this thread.</param>
    void Show(string title, Action work);

    /// <summary>Takes one update.</summary>
    void Step(TrainingStep step);

    /// <summary>Takes one line that stays.</summary>
    void Line(string text);
}
