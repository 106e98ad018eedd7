using SIDReasoner.Decoding.Kernels;
using SIDReasoner.Runtime.Kernels;
using SIDReasoner.TestSupport;
using Xunit;

namespace SIDReasoner.Runtime.Tests.Kernels;

public sealed class NativeStaticGoldenTests : StaticGoldenTestsBase
{
    protected override IBeamKernel CreateKernel()
    {
        Skip.If(NativeBeamKernel.Problem is not null, NativeBeamKernel.Problem?.Message);
        return new NativeBeamKernel();
    }
}
