// The loops over a trie's arrays in plain C++, and which ones run.
#include "beam_cpu.h"
#include "trie_loops_kernel.h"

namespace sidr {
namespace {

struct Scalar {
    // Bit k: v[k + 1] < v[k].
    static std::uint64_t Below64(const std::uint32_t* v) {
        std::uint64_t below = 0;
        for (std::uint32_t k = 0; k < 64; k++) below |= static_cast<std::uint64_t>(v[k + 1] < v[k]) << k;
        return below;
    }
    // Whether each value is above the one before.
    template <class T>
    static bool Ascend(const T* v, std::uint32_t n) {
        bool falls = false;
        for (std::uint32_t i = 1; i < n; i++) falls |= v[i] <= v[i - 1];
        return !falls;
    }
    // Place of a word's set bit number n, counted from 0.
    static std::uint32_t Place(std::uint64_t word, std::uint32_t n) {
        for (; n > 0; n--) word &= word - 1;
        return static_cast<std::uint32_t>(__builtin_ctzll(word));
    }
};

}  // namespace

const TrieLoops& TrieLoopsScalar() {
    static constexpr TrieLoops loops = Loops<Scalar>::Table();
    return loops;
}

const TrieLoops& TrieLoopsNow() {
#if defined(__x86_64__)
    static const bool has_bits = __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("popcnt");
    if (CpuSelected() != SIDR_CPU_SCALAR && has_bits) return TrieLoopsAvx2();
#endif
    return TrieLoopsScalar();
}

}  // namespace sidr
