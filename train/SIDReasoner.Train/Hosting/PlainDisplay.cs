using System.Diagnostics;
using System.Globalization;
using SIDReasoner.Train.Stages;

namespace SIDReasoner.Train.Hosting;

/// <summary>Progress as plain, unwrapped lines: for files, pipes and build servers. One line every few seconds, and the last.</summary>
/// <param name="output">Where the lines go.</param>
/// <param name="interval">Least time between two lines of progress.</param>
internal sealed class PlainDisplay(TextWriter output, TimeSpan interval) : ITrainingDisplay
{
    private readonly Stopwatch _sinceLast = Stopwatch.StartNew();
    private bool _first = true;

    /// <inheritdoc/>
    public void Show(string title, Action work)
    {
        output.WriteLine(title);
        work();
        output.Flush();
    }

    /// <inheritdoc/>
    public void Step(TrainingStep step)
    {
        if (_first || _sinceLast.Elapsed >= interval || step.Step == step.TotalSteps)
        {
            _first = false;
            _sinceLast.Restart();
            output.WriteLine(Describe(step));
            output.Flush();
        }
    }

    /// <inheritdoc/>
    public void Line(string text) => output.WriteLine(text);

    /// <summary>One update in words: step, loss, tokens a second, time left.</summary>
    public static string Describe(TrainingStep step) => string.Create(
        CultureInfo.InvariantCulture,
        $"step {step.Step}/{step.TotalSteps}  loss {step.Loss:F3}  rate {step.LearningRate:G3}  {step.TokensPerSecond:F0} tokens/s  {Time(step.TimeLeft)} left");

    private static string Time(TimeSpan time) => time.TotalHours >= 1 ? time.ToString(@"h\:mm\:ss", CultureInfo.InvariantCulture) : time.ToString(@"m\:ss", CultureInfo.InvariantCulture);
}
