namespace SIDReasoner.Train.Hosting;

/// <summary>Which rows <c>sidr-train fit</c> trains on and which it scores.</summary>
internal enum FitMode
{
    /// <summary>Fit on train, watch valid, score test.</summary>
    Watch,

    /// <summary>Fit on train, watch and score valid; test is never opened.</summary>
    Choose,

    /// <summary>Fit on train and valid, score test: the last run, once all is chosen.</summary>
    Final,
}
