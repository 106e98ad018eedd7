namespace SIDReasoner.Train.Data;

/// <summary>Windows of about one length, padded on the right, ready for one causal pass.</summary>
/// <param name="Tokens">int64 [Rows, Length], row-major; what stands behind a window's end is never read by its rows before.</param>
/// <param name="Rows">Windows.</param>
/// <param name="Length">Positions of the longest window.</param>
/// <param name="LossRows">Positions that are trained, as row * Length + position.</param>
/// <param name="LossTargets">The token that follows each of them.</param>
/// <param name="SoftTargets">What the teacher expects at each of them, null where nothing; empty without a teacher.</param>
internal sealed record WindowBatch(long[] Tokens, int Rows, int Length, long[] LossRows, long[] LossTargets, SoftTarget?[] SoftTargets);
