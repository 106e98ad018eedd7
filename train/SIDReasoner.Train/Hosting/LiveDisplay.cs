using System.Globalization;
using SIDReasoner.Train.Stages;
using Spectre.Console;

namespace SIDReasoner.Train.Hosting;

/// <summary>Progress as a bar that stays in place, with loss and speed beside it: for people at a terminal.</summary>
/// <param name="console">The terminal.</param>
internal sealed class LiveDisplay(IAnsiConsole console) : ITrainingDisplay
{
    private ProgressTask? _task;
    private DateTime _next;

    /// <inheritdoc/>
    public void Show(string title, Action work) => console.Progress()
        .Columns(new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn())
        .Start(context =>
        {
            console.MarkupLineInterpolated($"[bold]{title}[/]");
            _task = context.AddTask("training");
            work();
            _task.StopTask();
        });

    /// <inheritdoc/>
    public void Step(TrainingStep step)
    {
        if (_task is null || (DateTime.UtcNow < _next && step.Step < step.TotalSteps))
        {
            return;
        }

        _next = DateTime.UtcNow.AddMilliseconds(100);
        _task.MaxValue = step.TotalSteps;
        _task.Value = step.Step;
        _task.Description = string.Create(CultureInfo.InvariantCulture, $"step {step.Step}/{step.TotalSteps}  loss {step.Loss:F3}  {step.TokensPerSecond:F0} tokens/s");
    }

    /// <inheritdoc/>
    public void Line(string text) => console.MarkupLineInterpolated($"{text}");
}
