using SIDReasoner.Core.Items;
using SIDReasoner.Train.Data;

namespace SIDReasoner.Train.Tests.Data;

public sealed class UserChainsTests
{
    [Fact]
    public void Rebuild_RowsOfGrowingHistories_GivesOneChainAUser()
    {
        Interaction[] rows = [new("u", [1], 2), new("v", [7, 8], 9), new("u", [1, 2], 3), new("u", [1, 2, 3], 4)];

        IReadOnlyList<int[]> chains = UserChains.Rebuild(rows);

        Assert.Equal([[1, 2, 3, 4], [7, 8, 9]], chains);
    }

    [Fact]
    public void Rebuild_CutHistories_JoinsByTheirOverlap()
    {
        Interaction[] rows = [new("u", [1, 2, 3], 4), new("u", [2, 3, 4], 5), new("u", [4, 5], 6)];

        Assert.Equal([[1, 2, 3, 4, 5, 6]], UserChains.Rebuild(rows));
    }

    [Fact]
    public void Rebuild_RowsOutOfOrder_GivesTheSameChain()
    {
        Interaction[] rows = [new("u", [2, 3, 4], 5), new("u", [1], 2), new("u", [1, 2, 3], 4)];

        Assert.Equal([[1, 2, 3, 4, 5]], UserChains.Rebuild(rows));
    }

    [Fact]
    public void Rebuild_PiecesThatDoNotMeet_StayApart()
    {
        Interaction[] rows = [new("u", [1, 2], 3), new("u", [8, 9], 1)];

        Assert.Equal([[1, 2, 3], [8, 9, 1]], UserChains.Rebuild(rows));
    }
}
