using SIDReasoner.Train.Data;
using SIDReasoner.Train.Stages;
using static TorchSharp.torch;

namespace SIDReasoner.Train.Tests.Stages;

public sealed class DistillationLossTests
{
    private static readonly float[] Logits = [0.5f, -1, 2, 0.25f, 1, 1, -2, 0];

    [Fact]
    public void Of_NoTeacherAnywhere_IsCrossEntropy()
    {
        using var scope = NewDisposeScope();
        Tensor logits = tensor(Logits, [2, 4]);
        var batch = new WindowBatch([], 2, 1, [0, 1], [2, 0], [null, null]);

        float loss = DistillationLoss.Of(logits, batch, 0.5).item<float>();

        Assert.Equal(nn.functional.cross_entropy(logits, tensor(batch.LossTargets)).item<float>(), loss, 1e-6f);
    }

    [Fact]
    public void Of_TeacherOnOneRow_MixesItsSharesIn()
    {
        using var scope = NewDisposeScope();
        Tensor logits = tensor(Logits, [2, 4]);
        float[] log = nn.functional.log_softmax(logits, 1).data<float>().ToArray();
        var batch = new WindowBatch([], 2, 1, [0, 1], [2, 0], [new SoftTarget([0, 3], [0.25f, 0.5f], 0.75f), null]);

        float loss = DistillationLoss.Of(logits, batch, 0.4).item<float>();

        // 0.4 * 0.75 of the first row's target is the teacher's.
        float first = -((0.7f * log[2]) + (0.1f * log[0]) + (0.2f * log[3]));
        Assert.Equal((first - log[4]) / 2, loss, 1e-6f);
    }
}
