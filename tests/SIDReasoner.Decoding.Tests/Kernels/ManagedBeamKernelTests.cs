using SIDReasoner.Decoding.Kernels;
using SIDReasoner.TestSupport;

namespace SIDReasoner.Decoding.Tests.Kernels;

public sealed class ManagedBeamKernelTests : BeamKernelConformance
{
    protected override IBeamKernel CreateKernel() => new ManagedBeamKernel();
}
