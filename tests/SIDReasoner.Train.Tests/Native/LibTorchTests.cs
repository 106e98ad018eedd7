using static TorchSharp.torch;

namespace SIDReasoner.Train.Tests.Native;

public sealed class LibTorchTests
{
    [Fact]
    public void Start_InTestHost_LoadsAndComputes()
    {
        using var sum = ones(3).square().sum();

        Assert.Equal(3f, sum.item<float>());
        Assert.Equal(1, get_num_threads());
    }
}
