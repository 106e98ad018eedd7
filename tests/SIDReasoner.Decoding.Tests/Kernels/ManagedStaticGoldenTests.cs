using SIDReasoner.Decoding.Kernels;
using SIDReasoner.TestSupport;

namespace SIDReasoner.Decoding.Tests.Kernels;

public sealed class ManagedStaticGoldenTests : StaticGoldenTestsBase
{
    protected override IBeamKernel CreateKernel() => new ManagedBeamKernel();
}
