using System.Runtime.CompilerServices;
using SIDReasoner.Train.Native;

[assembly: CollectionBehavior(DisableTestParallelization = true)]

namespace SIDReasoner.Train.Tests;

internal static class TorchSetup
{
    [ModuleInitializer]
    internal static void Start() => LibTorch.Start(threads: 1);
}
