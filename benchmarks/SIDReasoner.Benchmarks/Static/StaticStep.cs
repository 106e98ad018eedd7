using static TorchSharp.torch;

namespace SIDReasoner.Benchmarks.Static;

/// <summary>
/// STATIC's sparse transition (arXiv:2602.22647) in TorchSharp, operation for operation as benchmarks/native/static_step.py has it: log-softmax of the rows, row
/// pointers, a gather of each state's widest fan-out from the interleaved table, a gather of log-probabilities, where() with a fresh minus infinity, top-k over
/// beams * fan-out, and the gathers of token, state and history.
/// </summary>
/// <param name="index">The catalogue.</param>
/// <param name="beams">Beams (W); one request.</param>
/// <param name="columns">Columns of a row of logits.</param>
/// <param name="firstColumn">Token id of the first column.</param>
internal sealed class StaticStep(StaticIndex index, int beams, int columns, int firstColumn)
{
    /// <summary>Moves the beams from level-0 states to level 1.</summary>
    /// <param name="logits">float32 [W, columns].</param>
    /// <param name="states">int32 [1, W].</param>
    /// <param name="scores">float32 [1, W].</param>
    /// <param name="history">int32 [1, W, 3].</param>
    /// <returns>Scores float32 [1, W], best first, states int32 [1, W] and history, in the caller's dispose scope.</returns>
    public (Tensor Scores, Tensor States, Tensor History) Run(Tensor logits, Tensor states, Tensor scores, Tensor history)
    {
        int limit = index.WidestOfLevel1;
        Tensor logProbabilities = nn.functional.log_softmax(logits, -1);
        Tensor flat = states.view(beams).to(ScalarType.Int64);
        Tensor starts = index.RowPointers[TensorIndex.Tensor(flat)];
        Tensor lengths = index.RowPointers[TensorIndex.Tensor(flat + 1)] - starts;
        Tensor offsets = arange(limit, ScalarType.Int64);
        Tensor places = (starts.unsqueeze(1) + offsets.unsqueeze(0)).clamp_max(index.Pairs.size(0) - 1);
        Tensor found = index.Pairs[TensorIndex.Tensor(places)];
        Tensor tokens = found[TensorIndex.Ellipsis, TensorIndex.Single(0)], nexts = found[TensorIndex.Ellipsis, TensorIndex.Single(1)];
        Tensor valid = offsets.unsqueeze(0) < lengths.unsqueeze(1);
        Tensor wanted = tokens.to(ScalarType.Int64);
        wanted = firstColumn == 0 ? wanted : wanted - firstColumn;
        Tensor candidates = logProbabilities.gather(1, wanted.clamp_max(columns - 1));
        candidates = where(valid, candidates, tensor(float.NegativeInfinity));
        Tensor total = (scores.unsqueeze(2) + candidates.view(1, beams, limit)).view(1, beams * limit);
        (Tensor best, Tensor at) = total.topk(beams, -1);
        Tensor parents = at.floor_divide(limit);
        Tensor newTokens = tokens.reshape(1, beams * limit).gather(1, at);
        Tensor newStates = nexts.reshape(1, beams * limit).gather(1, at);
        Tensor kept = history.gather(1, parents.reshape(1, beams, 1).expand(1, beams, 3));
        kept[TensorIndex.Colon, TensorIndex.Colon, TensorIndex.Single(1)] = newTokens;
        return (best, newStates, kept);
    }
}
