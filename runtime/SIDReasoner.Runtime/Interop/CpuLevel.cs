namespace SIDReasoner.Runtime.Interop;

/// <summary><c>SIDR_CPU_*</c>: instruction sets of the CPU kernel. All give the same bits.</summary>
internal enum CpuLevel : uint
{
    /// <summary>The best that this processor has.</summary>
    Best = 0,

    /// <summary>Plain C++.</summary>
    Scalar = 1,

    /// <summary>AVX2 with FMA.</summary>
    Avx2 = 2,

    /// <summary>AVX-512.</summary>
    Avx512 = 3,
}
