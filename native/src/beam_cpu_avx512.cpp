// The step by AVX-512 (F, BW, DQ, VL).
#include <immintrin.h>

#include <functional>

#include "beam_cpu_kernel.h"

namespace sidr {
namespace {

struct Avx512 {
    using F = __m512;
    static constexpr std::uint32_t N = 16;
    static F Load(const float* p) { return _mm512_loadu_ps(p); }
    static void Store(float* p, F a) { _mm512_storeu_ps(p, a); }
    static F Set(float a) { return _mm512_set1_ps(a); }
    static F Add(F a, F b) { return _mm512_add_ps(a, b); }
    static F Sub(F a, F b) { return _mm512_sub_ps(a, b); }
    static F Negate(F a) { return _mm512_xor_ps(a, _mm512_set1_ps(-0.0f)); }
    static F Fma(F a, F b, F c) { return _mm512_fmadd_ps(a, b, c); }
    static F Max(F a, F b) { return _mm512_max_ps(a, b); }
    static float Largest(F a) { return _mm512_reduce_max_ps(a); }
    static bool NotLessEqual(F a, F b) { return _mm512_cmp_ps_mask(a, b, _CMP_NLE_UQ) != 0; }
    static F AddExponent(F p, F z) {
        return _mm512_castsi512_ps(_mm512_add_epi32(_mm512_castps_si512(p), _mm512_slli_epi32(_mm512_castps_si512(z), 23)));
    }
    static F KeepFirst(F a, std::uint32_t k) { return _mm512_maskz_mov_ps(static_cast<__mmask16>(k < 16 ? (1u << k) - 1 : 0xFFFFu), a); }
    static void Sum8x4(const F* x, float* out) {
        __m256 low = _mm256_hadd_ps(_mm512_castps512_ps256(x[0]), _mm512_extractf32x8_ps(x[0], 1));
        __m256 high = _mm256_hadd_ps(_mm512_castps512_ps256(x[1]), _mm512_extractf32x8_ps(x[1], 1));
        __m256 s = _mm256_hadd_ps(low, high);
        _mm_storeu_ps(out, _mm_add_ps(_mm256_castps256_ps128(s), _mm256_extractf128_ps(s, 1)));
    }
    static std::uint32_t GreaterEqual16(const float* x, F bound) { return _mm512_cmp_ps_mask(_mm512_loadu_ps(x), bound, _CMP_GE_OQ); }
    static float KthLargest(float* x, std::uint32_t n, std::uint32_t k) {
        std::nth_element(x, x + (k - 1), x + n, std::greater<float>());
        return x[k - 1];
    }
    static __m512i Ranks(const std::uint8_t* r) { return _mm512_cvtepu8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(r))); }
    static __m512i Ranks(const std::uint16_t* r) { return _mm512_cvtepu16_epi32(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(r))); }
    template <class R>
    static void Gather(float* to, const float* row, const R* ranks, std::uint32_t count, const std::uint32_t* column_of, std::uint32_t base) {
        std::uint32_t i = 0;
        if (base != ~0u) {
            const float* shifted = row + base;
            for (; i + 16 <= count; i += 16) Store(to + i, _mm512_i32gather_ps(Ranks(ranks + i), shifted, 4));
        } else {
            for (; i + 16 <= count; i += 16)
                Store(to + i, _mm512_i32gather_ps(_mm512_i32gather_epi32(Ranks(ranks + i), column_of, 4), row, 4));
        }
        for (; i < count; i++) to[i] = row[column_of[ranks[i]]];
    }
    static void FromBf16(float* to, const std::uint16_t* from, std::uint32_t count) {
        std::uint32_t i = 0;
        for (; i + 16 <= count; i += 16)
            Store(to + i, _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(from + i))), 16)));
        for (; i < count; i++) to[i] = FloatOf(static_cast<std::uint32_t>(from[i]) << 16);
    }
    static void FromF16(float* to, const std::uint16_t* from, std::uint32_t count) {
        std::uint32_t i = 0;
        for (; i + 16 <= count; i += 16) Store(to + i, _mm512_cvtph_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(from + i))));
        for (; i < count; i++) to[i] = _mm_cvtss_f32(_mm_cvtph_ps(_mm_cvtsi32_si128(from[i])));
    }
};

}  // namespace

std::uint32_t AdvanceAvx512(const CpuStep& step, std::uint32_t request, std::uint32_t begin, std::uint32_t width) {
    return Step<Avx512>(step, request, begin, width).Run();
}

}  // namespace sidr
