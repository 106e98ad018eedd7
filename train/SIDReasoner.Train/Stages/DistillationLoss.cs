using SIDReasoner.Train.Data;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace SIDReasoner.Train.Stages;

/// <summary>Cross-entropy against a mixture of the next token and what a teacher expects.</summary>
internal static class DistillationLoss
{
    /// <summary>Mean over the rows of - sum of target * log-softmax. A row's target: the teacher's shares times the weight, the rest on the next token.</summary>
    /// <param name="logits">float [rows, V].</param>
    /// <param name="batch">Next tokens and soft targets of the rows.</param>
    /// <param name="weight">From 0 to 1.</param>
    /// <returns>A scalar, in the current dispose scope.</returns>
    public static Tensor Of(Tensor logits, WindowBatch batch, double weight)
    {
        long columns = logits.shape[1];
        var places = new List<long>();
        var shares = new List<float>();
        for (int row = 0; row < batch.LossTargets.Length; row++)
        {
            SoftTarget? soft = batch.SoftTargets[row];
            places.Add(row * columns + batch.LossTargets[row]);
            shares.Add((float)(1 - weight * (soft?.Total ?? 0)));
            for (int i = 0; i < soft?.Tokens.Length; i++)
            {
                places.Add(row * columns + soft.Tokens[i]);
                shares.Add((float)(weight * soft.Shares[i]));
            }
        }

        Tensor chosen = F.log_softmax(logits, 1).flatten().index_select(0, tensor(places.ToArray()));
        return (chosen * tensor(shares.ToArray())).sum().neg() / (float)batch.LossTargets.Length;
    }
}
