using SIDReasoner.Train.Data;

namespace SIDReasoner.Train.Tests.Data;

public sealed class NeighborTeacherTests
{
    [Fact]
    public void Teach_ItemsOthersBoughtNext_SharesTheTargetWithoutTheChainsOwnCount()
    {
        // After [1 1] others bought [2 5] once and [3 5] once; this chain's own [2 6] does not count.
        int[][][] chains = [[[1, 1], [2, 6]], [[1, 1], [2, 5]], [[1, 1], [3, 5]]];

        SoftTarget?[][] targets = new NeighborTeacher(chains, historyItems: 10).Teach(0);

        Assert.All(targets[0], Assert.Null);
        Assert.Equal([2, 3], targets[1][0]!.Tokens);
        Assert.Equal([0.5f, 0.5f], targets[1][0]!.Shares);
        Assert.Equal([5], targets[1][1]!.Tokens);
        Assert.Equal(0.5f, targets[1][1]!.Total); // half of the expectation agrees with the first token
    }

    [Fact]
    public void Teach_OlderItems_CountLess()
    {
        int[][][] chains = [[[1], [2], [9]], [[1], [3]], [[2], [4]]];

        SoftTarget target = new NeighborTeacher(chains, historyItems: 10).Teach(0)[2][0]!;

        Assert.Equal([3, 4], target.Tokens);
        Assert.Equal(1f / 3, target.Shares[0], 1e-6f);
        Assert.Equal(2f / 3, target.Shares[1], 1e-6f);
    }

    [Fact]
    public void Teach_ChainThatNoOtherMeets_ExpectsNothing()
    {
        SoftTarget?[][] targets = new NeighborTeacher([[[1], [2], [3]], [[7], [8]]], historyItems: 10).Teach(0);

        Assert.All(targets.SelectMany(levels => levels), Assert.Null);
    }
}
