// The loops over a trie's arrays by AVX2, BMI and POPCNT.
#include <immintrin.h>

#include "trie_loops_kernel.h"

namespace sidr {
namespace {

struct Avx2 {
    // Values below 2^31: item indexes are.
    static std::uint64_t Below64(const std::uint32_t* v) {
        std::uint64_t below = 0;
        for (std::uint32_t k = 0; k < 64; k += 8) {
            __m256i a = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(v + k)), b = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(v + k + 1));
            below |= static_cast<std::uint64_t>(static_cast<std::uint32_t>(_mm256_movemask_ps(_mm256_castsi256_ps(_mm256_cmpgt_epi32(a, b))))) << k;
        }
        return below;
    }
    // The larger of two unsigned values is the earlier one where the later does not rise.
    static __m256i Stays(__m256i before, __m256i now, std::uint8_t) { return _mm256_cmpeq_epi8(_mm256_max_epu8(before, now), before); }
    static __m256i Stays(__m256i before, __m256i now, std::uint16_t) { return _mm256_cmpeq_epi16(_mm256_max_epu16(before, now), before); }
    template <class T>
    static bool Ascend(const T* v, std::uint32_t n) {
        constexpr std::uint32_t lanes = 32 / sizeof(T);
        std::uint32_t i = 1;
        __m256i stays = _mm256_setzero_si256();
        auto at = [v](std::uint32_t k) { return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(v + k)); };
        for (; i + lanes <= n; i += lanes) stays = _mm256_or_si256(stays, Stays(at(i - 1), at(i), T{}));
        if (n > lanes) {  // the last ones again, from the end
            stays = _mm256_or_si256(stays, Stays(at(n - lanes - 1), at(n - lanes), T{}));
            return _mm256_testz_si256(stays, stays) != 0;
        }
        bool falls = false;
        for (; i < n; i++) falls |= v[i] <= v[i - 1];
        return !falls;
    }
    static std::uint32_t Place(std::uint64_t word, std::uint32_t n) { return static_cast<std::uint32_t>(_tzcnt_u64(_pdep_u64(std::uint64_t{1} << n, word))); }
};

}  // namespace

const TrieLoops& TrieLoopsAvx2() {
    static constexpr TrieLoops loops = Loops<Avx2>::Table();
    return loops;
}

}  // namespace sidr
