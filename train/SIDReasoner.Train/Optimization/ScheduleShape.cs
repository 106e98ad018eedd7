namespace SIDReasoner.Train.Optimization;

/// <summary>How the learning rate moves after the warm-up.</summary>
public enum ScheduleShape
{
    /// <summary>Half a cosine down to 0.</summary>
    Cosine,

    /// <summary>A line down to 0.</summary>
    Linear,

    /// <summary>It stays.</summary>
    Constant,
}
