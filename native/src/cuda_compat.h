// One way to write device code for clang (without a CUDA toolkit), nvcc, NVRTC and the emulator of the tests.
#pragma once

#if defined(SIDR_EMULATOR)
#include "emulator.h"
#else

#if defined(__clang__) && !defined(__NVCC__)
// clang with -nocudainc: what the toolkit's headers would declare.
#define __global__ __attribute__((global))
#define __device__ __attribute__((device))
#define __shared__ __attribute__((shared))
#define __launch_bounds__(n) __attribute__((launch_bounds(n)))
#define SIDR_SREG(name, reg)                                                   \
    static __attribute__((device)) __attribute__((always_inline)) inline unsigned name() { \
        unsigned value;                                                        \
        asm("mov.u32 %0, %" reg ";" : "=r"(value));                            \
        return value;                                                          \
    }
SIDR_SREG(sidr_tid, "%tid.x")
SIDR_SREG(sidr_block, "%ctaid.x")
SIDR_SREG(sidr_threads, "%ntid.x")
static __attribute__((device)) inline void sidr_sync() { asm volatile("bar.sync 0;" ::: "memory"); }
#else
static __device__ __forceinline__ unsigned sidr_tid() { return threadIdx.x; }
static __device__ __forceinline__ unsigned sidr_block() { return blockIdx.x; }
static __device__ __forceinline__ unsigned sidr_threads() { return blockDim.x; }
static __device__ __forceinline__ void sidr_sync() { asm volatile("bar.sync 0;" ::: "memory"); }
#endif

#define SIDR_DEVICE static __device__ __attribute__((always_inline)) inline
#define SIDR_METHOD __device__ __attribute__((always_inline)) inline
#define SIDR_UNROLL _Pragma("unroll")
#define SIDR_UNROLL2 _Pragma("unroll 2")
#define SIDR_UNROLL4 _Pragma("unroll 4")
typedef unsigned long long sidr_u64;

extern __shared__ __attribute__((aligned(16))) unsigned char sidr_shared_bytes[];
#define SIDR_SHARED_MEMORY sidr_shared_bytes

// Block barrier that tells how many threads' predicate holds.
SIDR_DEVICE unsigned sidr_sync_count(bool predicate) {
    unsigned count;
    asm volatile("{ .reg .pred p; setp.ne.u32 p, %1, 0; bar.red.popc.u32 %0, 0, p; }" : "=r"(count) : "r"((unsigned)predicate) : "memory");
    return count;
}
SIDR_DEVICE void sidr_sync_warp() { asm volatile("bar.warp.sync 0xffffffff;" ::: "memory"); }
SIDR_DEVICE unsigned sidr_shuffle_xor(unsigned value, unsigned mask) {
    unsigned out;
    asm volatile("shfl.sync.bfly.b32 %0, %1, %2, 0x1f, 0xffffffff;" : "=r"(out) : "r"(value), "r"(mask));
    return out;
}
SIDR_DEVICE unsigned sidr_shuffle(unsigned value, unsigned lane) {
    unsigned out;
    asm volatile("shfl.sync.idx.b32 %0, %1, %2, 0x1f, 0xffffffff;" : "=r"(out) : "r"(value), "r"(lane));
    return out;
}
SIDR_DEVICE unsigned sidr_warp_max(unsigned value) {
    unsigned out;
    asm volatile("redux.sync.max.u32 %0, %1, 0xffffffff;" : "=r"(out) : "r"(value));
    return out;
}
SIDR_DEVICE unsigned sidr_warp_min(unsigned value) {
    unsigned out;
    asm volatile("redux.sync.min.u32 %0, %1, 0xffffffff;" : "=r"(out) : "r"(value));
    return out;
}
SIDR_DEVICE unsigned sidr_warp_add(unsigned value) {
    unsigned out;
    asm volatile("redux.sync.add.u32 %0, %1, 0xffffffff;" : "=r"(out) : "r"(value));
    return out;
}
// Larger of two pairs of 16-bit floats; NaN if either is.
SIDR_DEVICE unsigned sidr_max2_bf16(unsigned a, unsigned b) {
    unsigned out;
    asm("max.NaN.bf16x2 %0, %1, %2;" : "=r"(out) : "r"(a), "r"(b));
    return out;
}
SIDR_DEVICE unsigned sidr_max2_f16(unsigned a, unsigned b) {
    unsigned out;
    asm("max.NaN.f16x2 %0, %1, %2;" : "=r"(out) : "r"(a), "r"(b));
    return out;
}
// Place of the lowest set bit; there is one.
SIDR_DEVICE unsigned sidr_first_bit(unsigned bits) {
    unsigned out;
    asm("{ .reg .b32 r; brev.b32 r, %1; clz.b32 %0, r; }" : "=r"(out) : "r"(bits));
    return out;
}
SIDR_DEVICE sidr_u64 sidr_clock() {
    sidr_u64 out;
    asm volatile("mov.u64 %0, %%clock64;" : "=l"(out)::"memory");
    return out;
}
SIDR_DEVICE unsigned sidr_ballot(bool predicate) {
    unsigned out;
    asm volatile("{ .reg .pred p; setp.ne.u32 p, %1, 0; vote.sync.ballot.b32 %0, p, 0xffffffff; }" : "=r"(out) : "r"((unsigned)predicate));
    return out;
}
// Shared memory of this block, by generic address.
SIDR_DEVICE unsigned sidr_atomic_add(unsigned* p, unsigned value) {
    unsigned old;
    asm volatile("atom.add.u32 %0, [%1], %2;" : "=r"(old) : "l"(p), "r"(value) : "memory");
    return old;
}
SIDR_DEVICE void sidr_atomic_or(unsigned* p, unsigned value) { asm volatile("red.or.b32 [%0], %1;" ::"l"(p), "r"(value) : "memory"); }

// clang takes inline assembly in a loop as a reason not to unroll it: builtins where there are any.
#if defined(__clang__)
SIDR_DEVICE float sidr_float(unsigned bits) { return __builtin_bit_cast(float, bits); }
SIDR_DEVICE unsigned sidr_bits(float x) { return __builtin_bit_cast(unsigned, x); }
SIDR_DEVICE float sidr_fma(float a, float b, float c) { return __builtin_fmaf(a, b, c); }
SIDR_DEVICE float sidr_max(float a, float b) { return __nvvm_fmax_f(a, b); }
SIDR_DEVICE float sidr_from_f16(unsigned short h) { return (float)__builtin_bit_cast(__fp16, h); }
#else
SIDR_DEVICE float sidr_float(unsigned bits) { return __uint_as_float(bits); }
SIDR_DEVICE unsigned sidr_bits(float x) { return __float_as_uint(x); }
SIDR_DEVICE float sidr_fma(float a, float b, float c) { return __fmaf_rn(a, b, c); }
SIDR_DEVICE float sidr_max(float a, float b) { return fmaxf(a, b); }
SIDR_DEVICE float sidr_from_f16(unsigned short h) {
    float x;
    asm("cvt.f32.f16 %0, %1;" : "=f"(x) : "h"(h));
    return x;
}
#endif

struct __attribute__((aligned(16))) sidr_vec16 {
    unsigned x, y, z, w;
};
SIDR_DEVICE sidr_vec16 sidr_load16(const void* p) { return *(const sidr_vec16*)p; }
SIDR_DEVICE void sidr_store16(float* p, const float* x) { *(sidr_vec16*)p = sidr_vec16{sidr_bits(x[0]), sidr_bits(x[1]), sidr_bits(x[2]), sidr_bits(x[3])}; }

// Clusters of blocks (compute capability 9.0). Without them a request is one block.
#if !defined(SIDR_CLUSTERS) && defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 900
#define SIDR_CLUSTERS 1
#endif
#if defined(SIDR_CLUSTERS)
SIDR_DEVICE unsigned sidr_cluster_rank() {
    unsigned rank;
    asm volatile("mov.u32 %0, %%cluster_ctarank;" : "=r"(rank));
    return rank;
}
// Release and acquire are their defaults.
SIDR_DEVICE void sidr_cluster_arrive() { asm volatile("barrier.cluster.arrive.aligned;" ::: "memory"); }
SIDR_DEVICE void sidr_cluster_wait() { asm volatile("barrier.cluster.wait.aligned;" ::: "memory"); }
// Launches that may begin before the work ahead of them in the stream has ended: the wait comes before the first access to what that work made.
// Without the launch attribute both do nothing.
SIDR_DEVICE void sidr_grid_wait() { asm volatile("griddepcontrol.wait;" ::: "memory"); }
SIDR_DEVICE void sidr_grid_release() { asm volatile("griddepcontrol.launch_dependents;" ::: "memory"); }
template <class T>
SIDR_DEVICE T* sidr_cluster_map(T* local, unsigned rank) {
    T* remote;
    asm("mapa.u64 %0, %1, %2;" : "=l"(remote) : "l"(local), "r"(rank));
    return remote;
}
#else
SIDR_DEVICE unsigned sidr_cluster_rank() { return 0; }
SIDR_DEVICE void sidr_cluster_arrive() {}
SIDR_DEVICE void sidr_cluster_wait() {}
SIDR_DEVICE void sidr_grid_wait() {}
SIDR_DEVICE void sidr_grid_release() {}
template <class T>
SIDR_DEVICE T* sidr_cluster_map(T* local, unsigned) { return local; }
#endif

#endif

// The shared arithmetic, in this file's words.
#define SIDR_MATH_CUSTOM 1
#define SIDR_FN SIDR_DEVICE
#define SIDR_FMA(a, b, c) sidr_fma(a, b, c)
#define SIDR_BITS(x) sidr_bits(x)
#define SIDR_FLOAT(x) sidr_float(x)
#include "beam_math.h"
