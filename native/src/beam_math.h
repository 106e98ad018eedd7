// The arithmetic that every kernel shares, so that scalar, AVX2, AVX-512 and CUDA give the same bits.
//
// log-sum-exp of x_0 .. x_{n-1}, with m their largest and M = fl(m * log2 e):
//   t_i = max(fma(x_i, log2 e, -M), -125),  e_i = 2^t_i by the polynomial below,
//   S = the sum of e_i in the order given below,  lse = m + fma(-fma(m, log2 e, -M), ln 2, log S).
// Subtracting a rounded M and its error afterwards costs one instruction an element and loses nothing. Terms below 2^-125 are lifted to it:
// S is at least about 1, so they vanish in it.
//
// Order of the sum over a node's children: child c adds to partial sum c mod 32, ascending; then the 32 partial sums are added pairwise:
// neighbours, then neighbours of the results, five times. A child that the filter forbids counts as minus infinity.
// Order of the sum over a row: tiles of 4,096 columns; in a tile, column c adds to partial sum c mod 256, ascending, and the 256 are added
// pairwise, eight times. Tiles are joined in ascending order: S = fma(S_tile, 2^max(M_tile - M, -125), S), a tile of only minus infinity left out.
// Every operation is a single rounded one, with fma where it is written and only there; compilers must not contract (-ffp-contract=off, -fmad=false).
#pragma once

#define SIDR_LOG2E 1.44269502f
#define SIDR_LN2 0.693147182f
#define SIDR_EXP_MAGIC 12582912.0f /* 1.5 * 2^23: adding it rounds to an integer, kept in the low bits */
#define SIDR_EXP_FLOOR -125.0f
#define SIDR_EXP_C1 6.931470037e-01f
#define SIDR_EXP_C2 2.402224243e-01f
#define SIDR_EXP_C3 5.550733954e-02f
#define SIDR_EXP_C4 9.671503678e-03f
#define SIDR_EXP_C5 1.326462603e-03f
#define SIDR_ROW_TILE 4096u

#ifndef SIDR_MATH_CUSTOM
#include <cstdint>
#include <cstring>
#define SIDR_FN static inline
#define SIDR_FMA(a, b, c) __builtin_fmaf(a, b, c)
#define SIDR_BITS(x) sidr::BitsOf(x)
#define SIDR_FLOAT(x) sidr::FloatOf(x)
namespace sidr {
static inline std::uint32_t BitsOf(float x) {
    std::uint32_t bits;
    std::memcpy(&bits, &x, 4);
    return bits;
}
static inline float FloatOf(std::uint32_t bits) {
    float x;
    std::memcpy(&x, &bits, 4);
    return x;
}
}  // namespace sidr
#endif

// 2^t for t in [-125, 1]; relative error below 1.2e-7, exact at 0.
SIDR_FN float sidr_exp2(float t) {
    float z = t + SIDR_EXP_MAGIC;
    float f = t - (z - SIDR_EXP_MAGIC);
    float p = SIDR_FMA(SIDR_EXP_C5, f, SIDR_EXP_C4);
    p = SIDR_FMA(p, f, SIDR_EXP_C3);
    p = SIDR_FMA(p, f, SIDR_EXP_C2);
    p = SIDR_FMA(p, f, SIDR_EXP_C1);
    p = SIDR_FMA(p, f, 1.0f);
    return SIDR_FLOAT(SIDR_BITS(p) + (SIDR_BITS(z) << 23));
}

// Natural logarithm of a normal positive number, error below 1 unit in the last place (polynomial: Cephes logf).
SIDR_FN float sidr_log(float s) {
    unsigned bits = SIDR_BITS(s) - 0x3f3504f3u;
    float e = (float)((int)bits >> 23);
    float f = SIDR_FLOAT((bits & 0x007fffffu) + 0x3f3504f3u) - 1.0f;
    float z = f * f;
    float p = SIDR_FMA(7.0376836292e-2f, f, -1.1514610310e-1f);
    p = SIDR_FMA(p, f, 1.1676998740e-1f);
    p = SIDR_FMA(p, f, -1.2420140846e-1f);
    p = SIDR_FMA(p, f, 1.4249322787e-1f);
    p = SIDR_FMA(p, f, -1.6668057665e-1f);
    p = SIDR_FMA(p, f, 2.0000714765e-1f);
    p = SIDR_FMA(p, f, -2.4999993993e-1f);
    p = SIDR_FMA(p, f, 3.3333331174e-1f);
    p = p * f;
    p = p * z;
    p = SIDR_FMA(e, -2.12194440e-4f, p);
    p = SIDR_FMA(z, -0.5f, p);
    p = f + p;
    return SIDR_FMA(e, 0.693359375f, p);
}

// lse from the largest value and the sum relative to 2^(m * log2 e, rounded).
SIDR_FN float sidr_finish_lse(float m, float scaled_m, float sum) {
    float rest = SIDR_FMA(m, SIDR_LOG2E, -scaled_m);
    return m + SIDR_FMA(-rest, SIDR_LN2, sidr_log(sum));
}

// Orders floats as unsigned integers; minus infinity is 0x007FFFFF, and 0 is below every number.
SIDR_FN unsigned sidr_key(float x) {
    unsigned bits = SIDR_BITS(x);
    return (bits & 0x80000000u) ? ~bits : bits | 0x80000000u;
}

SIDR_FN float sidr_key_value(unsigned key) {
    return SIDR_FLOAT((key & 0x80000000u) ? key ^ 0x80000000u : ~key);
}
