namespace SIDReasoner.Train.Reports;

/// <summary>One seed's run.</summary>
/// <param name="Seed">The seed.</param>
/// <param name="Score">Targets counted as SIDs.</param>
/// <param name="ScoreByItem">Targets counted as items.</param>
/// <param name="Steps">Updates made.</param>
/// <param name="LastLoss">Mean loss of the last 100 updates.</param>
/// <param name="TrainSeconds">Wall time of the training.</param>
/// <param name="TrainCpuSeconds">Processor time of the training, all threads together.</param>
/// <param name="EvaluationSeconds">Wall time of ranking every row.</param>
public sealed record SeedReport(int Seed, RankingScore Score, RankingScore ScoreByItem, int Steps, double LastLoss, double TrainSeconds, double TrainCpuSeconds, double EvaluationSeconds);
