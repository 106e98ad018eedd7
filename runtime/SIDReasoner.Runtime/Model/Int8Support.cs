using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace SIDReasoner.Runtime.Model;

/// <summary>Whether this processor multiplies u8 by s8 exactly and fast, and how ONNX Runtime is kept exact where it does not.</summary>
/// <remarks>
/// On x86 speed takes AVX-512 VNNI or AVX-VNNI: without, ONNX Runtime's u8 times s8 adds pairs of products in 16 bits, which saturate.
/// Arm's kernels add in 32 bits on every processor.
/// </remarks>
internal static class Int8Support
{
    /// <summary>Session setting under which ONNX Runtime makes s8 weights u8 at load on x86: sums of 32 bits on every such processor, but by a kernel without VNNI.</summary>
    public const string ExactSumsSetting = "session.x64quantprecision";

    private const int Avx512VnniBit = 11;
    private const int AvxVnniBit = 4;

    /// <summary>The processor that runs this.</summary>
    public static bool IsPresent { get; } = AdvSimd.Arm64.IsSupported || HasVnni();

    /// <summary>What <see cref="ExactSumsSetting"/> must be here: "1" where u8 times s8 would saturate; "0" where it is exact, since u8 weights would lose VNNI's speed.</summary>
    public static string ExactSums => IsPresent ? "0" : "1";

    private static bool HasVnni()
    {
        if (!X86Base.IsSupported || X86Base.CpuId(0, 0).Eax < 7)
            return false;
        var features = X86Base.CpuId(7, 0);
        var more = features.Eax >= 1 ? X86Base.CpuId(7, 1).Eax : 0;
        return (Avx512F.IsSupported && (features.Ecx >> Avx512VnniBit & 1) == 1) || (Avx2.IsSupported && (more >> AvxVnniBit & 1) == 1);
    }
}
