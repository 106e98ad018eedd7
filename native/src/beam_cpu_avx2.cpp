// The step by AVX2, FMA and F16C.
#include <immintrin.h>

#include <functional>

#include "beam_cpu_kernel.h"

namespace sidr {
namespace {

struct Avx2 {
    using F = __m256;
    static constexpr std::uint32_t N = 8;
    static F Load(const float* p) { return _mm256_loadu_ps(p); }
    static void Store(float* p, F a) { _mm256_storeu_ps(p, a); }
    static F Set(float a) { return _mm256_set1_ps(a); }
    static F Add(F a, F b) { return _mm256_add_ps(a, b); }
    static F Sub(F a, F b) { return _mm256_sub_ps(a, b); }
    static F Negate(F a) { return _mm256_xor_ps(a, _mm256_set1_ps(-0.0f)); }
    static F Fma(F a, F b, F c) { return _mm256_fmadd_ps(a, b, c); }
    static F Max(F a, F b) { return _mm256_max_ps(a, b); }
    static float Largest(F a) {
        __m128 m = _mm_max_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));
        m = _mm_max_ps(m, _mm_movehl_ps(m, m));
        return _mm_cvtss_f32(_mm_max_ss(m, _mm_movehdup_ps(m)));
    }
    static bool NotLessEqual(F a, F b) { return _mm256_movemask_ps(_mm256_cmp_ps(a, b, _CMP_NLE_UQ)) != 0; }
    static F AddExponent(F p, F z) {
        return _mm256_castsi256_ps(_mm256_add_epi32(_mm256_castps_si256(p), _mm256_slli_epi32(_mm256_castps_si256(z), 23)));
    }
    static F KeepFirst(F a, std::uint32_t k) {
        __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
        return _mm256_and_ps(a, _mm256_castsi256_ps(_mm256_cmpgt_epi32(_mm256_set1_epi32(static_cast<int>(k < 8 ? k : 8)), lane)));
    }
    static void Sum8x4(const F* x, float* out) {
        __m256 s = _mm256_hadd_ps(_mm256_hadd_ps(x[0], x[1]), _mm256_hadd_ps(x[2], x[3]));
        _mm_storeu_ps(out, _mm_add_ps(_mm256_castps256_ps128(s), _mm256_extractf128_ps(s, 1)));
    }
    static std::uint32_t GreaterEqual16(const float* x, F bound) {
        int low = _mm256_movemask_ps(_mm256_cmp_ps(_mm256_loadu_ps(x), bound, _CMP_GE_OQ));
        int high = _mm256_movemask_ps(_mm256_cmp_ps(_mm256_loadu_ps(x + 8), bound, _CMP_GE_OQ));
        return static_cast<std::uint32_t>(low | high << 8);
    }
    static float KthLargest(float* x, std::uint32_t n, std::uint32_t k) {
        std::nth_element(x, x + (k - 1), x + n, std::greater<float>());
        return x[k - 1];
    }
    static __m256i Ranks(const std::uint8_t* r) { return _mm256_cvtepu8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(r))); }
    static __m256i Ranks(const std::uint16_t* r) { return _mm256_cvtepu16_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(r))); }
    template <class R>
    static void Gather(float* to, const float* row, const R* ranks, std::uint32_t count, const std::uint32_t* column_of, std::uint32_t base) {
        std::uint32_t i = 0;
        if (base != ~0u) {
            const float* shifted = row + base;
            for (; i + 8 <= count; i += 8) Store(to + i, _mm256_i32gather_ps(shifted, Ranks(ranks + i), 4));
        } else {
            for (; i + 8 <= count; i += 8) {
                __m256i columns = _mm256_i32gather_epi32(reinterpret_cast<const int*>(column_of), Ranks(ranks + i), 4);
                Store(to + i, _mm256_i32gather_ps(row, columns, 4));
            }
        }
        for (; i < count; i++) to[i] = row[column_of[ranks[i]]];
    }
    static void FromBf16(float* to, const std::uint16_t* from, std::uint32_t count) {
        std::uint32_t i = 0;
        for (; i + 8 <= count; i += 8)
            Store(to + i, _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from + i))), 16)));
        for (; i < count; i++) to[i] = FloatOf(static_cast<std::uint32_t>(from[i]) << 16);
    }
    static void FromF16(float* to, const std::uint16_t* from, std::uint32_t count) {
        std::uint32_t i = 0;
        for (; i + 8 <= count; i += 8) Store(to + i, _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from + i))));
        for (; i < count; i++) to[i] = _mm_cvtss_f32(_mm_cvtph_ps(_mm_cvtsi32_si128(from[i])));
    }
};

}  // namespace

std::uint32_t AdvanceAvx2(const CpuStep& step, std::uint32_t request, std::uint32_t begin, std::uint32_t width) {
    return Step<Avx2>(step, request, begin, width).Run();
}

}  // namespace sidr
