namespace SIDReasoner.Train.Stages;

/// <summary>Why a training run ended.</summary>
public enum TrainingEnd
{
    /// <summary>All updates are made.</summary>
    Completed,

    /// <summary>The time limit came first; the weights are usable.</summary>
    TimeLimit,

    /// <summary>It was cancelled; the state is saved.</summary>
    Canceled,
}
