using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace SIDReasoner.Runtime.Model;

/// <summary>Whether this processor multiplies u8 by s8 exactly and fast.</summary>
/// <remarks>
/// On x86 that takes AVX-512 VNNI or AVX-VNNI: without, ONNX Runtime adds pairs of products in 16 bits, which saturate, and is no
/// faster than float32. Arm's kernels add in 32 bits on every processor.
/// </remarks>
internal static class Int8Support
{
    private const int Avx512VnniBit = 11;
    private const int AvxVnniBit = 4;

    /// <summary>The processor that runs this.</summary>
    public static bool IsPresent { get; } = AdvSimd.Arm64.IsSupported || HasVnni();

    private static bool HasVnni()
    {
        if (!X86Base.IsSupported || X86Base.CpuId(0, 0).Eax < 7)
            return false;
        var features = X86Base.CpuId(7, 0);
        var more = features.Eax >= 1 ? X86Base.CpuId(7, 1).Eax : 0;
        return (Avx512F.IsSupported && (features.Ecx >> Avx512VnniBit & 1) == 1) || (Avx2.IsSupported && (more >> AvxVnniBit & 1) == 1);
    }
}
