using System.Diagnostics;
using SIDReasoner.Core;
using SIDReasoner.Core.Configuration;
using SIDReasoner.Train.Checkpointing;
using SIDReasoner.Train.Data;
using SIDReasoner.Train.Model;
using SIDReasoner.Train.Optimization;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace SIDReasoner.Train.Stages;

/// <summary>Trains a small decoder from scratch to continue purchase histories: the next token of every item of every window.</summary>
/// <remarks>
/// Loss: cross-entropy over the whole vocabulary, as the search's Exact mode scores. AdamW, linear warm-up, cosine to 0, gradients clipped.
/// Everything random follows from the seed and the step, so a run that goes on from a saved state makes the same updates as one that was
/// never stopped, bit for bit on one machine. One instance trains once, on one thread.
/// Source: SIDReasoner (arXiv 2603.23183), next-item generation over Semantic IDs; TIGER (arXiv 2305.05065) from scratch.
/// </remarks>
public sealed class NextItemStage : IDisposable
{
    private readonly NextItemOptions _options;
    private readonly WindowSampler _sampler;
    private readonly AdamW _optimizer;
    private readonly LearningRateSchedule _schedule;
    private readonly string _fingerprint;
    private readonly Tensor? _average;
    private readonly List<float> _losses = [];
    private double _earlierSeconds;
    private double _earlierCpuSeconds;

    /// <summary>Prepares a run.</summary>
    /// <param name="chains">Each user's purchases as SID tokens of the model: chain, item, token.</param>
    /// <param name="config">The model to make.</param>
    /// <param name="bosToken">The token every window begins with.</param>
    /// <param name="options">Settings.</param>
    public NextItemStage(IReadOnlyList<int[][]> chains, ModelConfig config, int bosToken, NextItemOptions options)
    {
        _options = options;
        _sampler = new WindowSampler(chains, new WindowSamplerOptions
        {
            Seed = options.Seed,
            BatchSize = options.BatchSize,
            WindowItems = options.HistoryItems + 1,
            BosToken = bosToken,
            ItemDropout = options.ItemDropout,
            ShuffleProbability = options.ShuffleProbability,
            FadeEpochs = options.AugmentationShare * options.Epochs,
            HasTeacher = options.TeacherWeight > 0,
            TrainsFirstItem = options.TrainsFirstItem,
        });
        _fingerprint = RunFingerprint.Of(chains, config, options);
        _schedule = new LearningRateSchedule(ScheduleShape.Cosine, options.WarmupSteps, TotalSteps);
        Model = DecoderModel.Create(config, options.Seed, options.InitialDeviation);
        _optimizer = new AdamW(Model.Parameters, new AdamWOptions { WeightDecay = options.WeightDecay });
        _average = options.AverageDecay > 0 ? Model.Parameters.Values.clone().DetachFromDisposeScope() : null;
    }

    /// <summary>The model; owned by this object. Holds the averaged weights after <see cref="Run"/> where an average is kept.</summary>
    public DecoderModel Model { get; }

    /// <summary>Updates in all.</summary>
    public int TotalSteps => _sampler.BatchesPerEpoch * _options.Epochs;

    /// <summary>Updates made.</summary>
    public int Step => (int)_optimizer.Step;

    /// <summary>The loss of every update so far, those before a resume included.</summary>
    public IReadOnlyList<float> Losses => _losses;

    /// <summary>Wall time of training, that before a resume included.</summary>
    public double Seconds { get; private set; }

    /// <summary>Processor time of training, all threads together, that before a resume included.</summary>
    public double CpuSeconds { get; private set; }

    /// <summary>Goes on from a saved state; one of a finished run gives its model back.</summary>
    /// <param name="statePath">The file that <see cref="Run"/> wrote.</param>
    /// <exception cref="SidReasonerException">The file is damaged, or of a run with other settings or data; nothing changes.</exception>
    public void Resume(string statePath)
    {
        TrainingState state = TrainingState.Load(statePath, _fingerprint);
        Copy(state.Values, Model.Parameters.Values);
        Copy(state.Mean, _optimizer.Mean);
        Copy(state.Variance, _optimizer.Variance);
        if (_average is not null)
        {
            Copy(state.Average, _average);
        }

        _optimizer.Step = state.Step;
        _losses.Clear();
        _losses.AddRange(state.Losses);
        Seconds = _earlierSeconds = state.Seconds;
        CpuSeconds = _earlierCpuSeconds = state.CpuSeconds;
    }

    /// <summary>Trains until the last step, the time limit or a cancellation; the state is saved on the way and at the end.</summary>
    /// <param name="statePath">Where the state goes; null = nowhere.</param>
    /// <param name="onStep">Told after every update.</param>
    /// <param name="onEpoch">
    /// Told after every epoch that <see cref="NextItemOptions.EvaluateEveryEpochs"/> names, except the last, with the epochs done; the model holds the
    /// weights to evaluate meanwhile.
    /// </param>
    /// <param name="cancellation">Ends the run after the update in progress.</param>
    /// <returns>Why it ended.</returns>
    /// <exception cref="SidReasonerException">The loss is not a number, or the state cannot be written.</exception>
    public TrainingEnd Run(string? statePath, Action<TrainingStep>? onStep = null, Action<int>? onEpoch = null, CancellationToken cancellation = default)
    {
        var watch = Stopwatch.StartNew();
        TimeSpan cpu = Environment.CpuUsage.TotalTime;
        long tokens = 0;
        int first = Step, perEpoch = _sampler.BatchesPerEpoch;
        TrainingEnd end = TrainingEnd.Completed;
        for (int epoch = first / perEpoch; epoch < _options.Epochs && end == TrainingEnd.Completed; epoch++)
        {
            IReadOnlyList<WindowBatch> batches = _sampler.Epoch(epoch);
            for (int i = Step - epoch * perEpoch; i < batches.Count && end == TrainingEnd.Completed; i++)
            {
                double rate = _options.LearningRate * _schedule.Factor(Step);
                (double loss, double norm) = Update(batches[i], rate);
                tokens += batches[i].LossRows.Length;
                Seconds = _earlierSeconds + watch.Elapsed.TotalSeconds;
                CpuSeconds = _earlierCpuSeconds + (Environment.CpuUsage.TotalTime - cpu).TotalSeconds;
                double perStep = watch.Elapsed.TotalSeconds / (Step - first);
                onStep?.Invoke(new TrainingStep(Step, TotalSteps, loss, rate, norm, tokens / watch.Elapsed.TotalSeconds, TimeSpan.FromSeconds(perStep * (TotalSteps - Step))));
                end = cancellation.IsCancellationRequested ? TrainingEnd.Canceled
                    : watch.Elapsed >= _options.TimeLimit && Step < TotalSteps ? TrainingEnd.TimeLimit
                    : TrainingEnd.Completed;
                if (statePath is not null && (Step % _options.StateEverySteps == 0 || end != TrainingEnd.Completed || Step == TotalSteps))
                {
                    Save(statePath);
                }
            }

            if (end == TrainingEnd.Completed && onEpoch is not null && _options.EvaluateEveryEpochs > 0 && (epoch + 1) % _options.EvaluateEveryEpochs == 0 && epoch + 1 < _options.Epochs)
            {
                WithAverage(() => onEpoch(epoch + 1));
            }
        }

        if (_average is not null && end != TrainingEnd.Canceled)
        {
            Copy(_average, Model.Parameters.Values);
        }

        return end;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _optimizer.Dispose();
        _average?.Dispose();
        Model.Dispose();
    }

    private (double Loss, double Norm) Update(WindowBatch batch, double rate)
    {
        using var scope = NewDisposeScope();
        manual_seed(unchecked(_options.Seed * 1_000_003L + Step));
        _optimizer.ZeroGradients();
        Tensor hidden = Model.Forward(tensor(batch.Tokens, [batch.Rows, batch.Length]), _options.Dropout);
        Tensor logits = Model.Logits(hidden.flatten(0, 1).index_select(0, tensor(batch.LossRows)));
        Tensor loss = batch.SoftTargets.Length == 0
            ? F.cross_entropy(logits, tensor(batch.LossTargets), label_smoothing: _options.LabelSmoothing)
            : DistillationLoss.Of(logits, batch, _options.TeacherWeight);
        loss.backward();
        double value = loss.item<float>(), norm = _optimizer.ClipGradients(_options.ClipNorm);
        if (!double.IsFinite(value) || !double.IsFinite(norm))
        {
            throw new SidReasonerException($"The loss of update {Step + 1} is {value}, its gradient norm {norm}; expected numbers. Train with a lower --learning-rate.");
        }

        _optimizer.Update(rate);
        if (_average is not null)
        {
            // The average of few weights forgets faster, so that the random start is gone soon.
            double decay = Math.Min(_options.AverageDecay, (1.0 + Step) / (10.0 + Step));
            using IDisposable noGradients = no_grad();
            _average.mul_((float)decay).add_(Model.Parameters.Values, (float)(1 - decay));
        }

        _losses.Add((float)value);
        return (value, norm);
    }

    private void WithAverage(Action action)
    {
        if (_average is null)
        {
            action();
            return;
        }

        using Tensor current = Model.Parameters.Values.clone().DetachFromDisposeScope();
        Copy(_average, Model.Parameters.Values);
        action();
        Copy(current, Model.Parameters.Values);
    }

    private void Save(string path) => new TrainingState(
        _fingerprint, Step, Floats(Model.Parameters.Values), Floats(_optimizer.Mean), Floats(_optimizer.Variance), _average is null ? [] : Floats(_average), [.. _losses], Seconds, CpuSeconds).Save(path);

    private static float[] Floats(Tensor flat)
    {
        using var scope = NewDisposeScope();
        return flat.cpu().data<float>().ToArray();
    }

    private static void Copy(float[] from, Tensor to)
    {
        using Tensor source = tensor(from);
        Copy(source, to);
    }

    private static void Copy(Tensor from, Tensor to)
    {
        using var scope = NewDisposeScope();
        using IDisposable noGradients = no_grad();
        to.copy_(from);
    }
}
