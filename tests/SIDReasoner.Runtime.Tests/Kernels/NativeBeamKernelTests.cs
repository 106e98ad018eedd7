using SIDReasoner.Decoding.Kernels;
using SIDReasoner.Runtime.Interop;
using SIDReasoner.Runtime.Kernels;
using SIDReasoner.TestSupport;
using Xunit;

namespace SIDReasoner.Runtime.Tests.Kernels;

/// <summary>The conformance suite on one instruction set; the set is chosen for the whole process, so these classes take turns.</summary>
public abstract class NativeKernelConformance : BeamKernelConformance
{
    private protected abstract CpuLevel Level { get; }

    protected override IBeamKernel CreateKernel()
    {
        Skip.If(NativeBeamKernel.Problem is not null, NativeBeamKernel.Problem?.Message);
        var kernel = new NativeBeamKernel();
        Skip.If(NativeMethods.sidr_cpu_set(Level) != NativeStatus.Ok, $"This processor or build lacks {Level}.");
        return kernel;
    }
}

[Collection(InstructionSets.Name)]
public sealed class NativeBeamKernelTests : NativeKernelConformance
{
    private protected override CpuLevel Level => CpuLevel.Best;
}

[Collection(InstructionSets.Name)]
public sealed class NativeScalarKernelTests : NativeKernelConformance
{
    private protected override CpuLevel Level => CpuLevel.Scalar;
}

[Collection(InstructionSets.Name)]
public sealed class NativeAvx2KernelTests : NativeKernelConformance
{
    private protected override CpuLevel Level => CpuLevel.Avx2;
}

/// <summary>One test class at a time.</summary>
[CollectionDefinition(Name)]
public sealed class InstructionSets
{
    public const string Name = "Instruction sets of libsidr";
}
