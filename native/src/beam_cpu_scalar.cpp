// The step in plain C++: the reference for the other instruction sets, and what runs on processors without them.
#include <functional>

#include "half.h"

#include "beam_cpu_kernel.h"

namespace sidr {
namespace {

struct Scalar {
    using F = float;
    static constexpr std::uint32_t N = 1;
    static F Load(const float* p) { return *p; }
    static void Store(float* p, F a) { *p = a; }
    static F Set(float a) { return a; }
    static F Add(F a, F b) { return a + b; }
    static F Sub(F a, F b) { return a - b; }
    static F Negate(F a) { return -a; }
    static F Fma(F a, F b, F c) { return SIDR_FMA(a, b, c); }
    static F Max(F a, F b) { return a > b ? a : b; }
    static float Largest(F a) { return a; }
    static bool NotLessEqual(F a, F b) { return !(a <= b); }
    static F AddExponent(F p, F z) { return FloatOf(BitsOf(p) + (BitsOf(z) << 23)); }
    static F KeepFirst(F a, std::uint32_t) { return a; }

    static void Sum8x4(const F* x, float* out) {
        for (int i = 0; i < 4; i++, x += 8) out[i] = ((x[0] + x[1]) + (x[2] + x[3])) + ((x[4] + x[5]) + (x[6] + x[7]));
    }
    static std::uint32_t GreaterEqual16(const float* x, F bound) {
        std::uint32_t hits = 0;
        for (std::uint32_t i = 0; i < 16; i++) hits |= static_cast<std::uint32_t>(x[i] >= bound) << i;
        return hits;
    }
    static float KthLargest(float* x, std::uint32_t n, std::uint32_t k) {
        std::nth_element(x, x + (k - 1), x + n, std::greater<float>());
        return x[k - 1];
    }
    template <class R>
    static void Gather(float* to, const float* row, const R* ranks, std::uint32_t count, const std::uint32_t* column_of, std::uint32_t) {
        for (std::uint32_t i = 0; i < count; i++) to[i] = row[column_of[ranks[i]]];
    }
    static void FromBf16(float* to, const std::uint16_t* from, std::uint32_t count) {
        for (std::uint32_t i = 0; i < count; i++) to[i] = sidr::FromBf16(from[i]);
    }
    static void FromF16(float* to, const std::uint16_t* from, std::uint32_t count) {
        for (std::uint32_t i = 0; i < count; i++) to[i] = sidr::FromF16(from[i]);
    }
};

}  // namespace

std::uint32_t AdvanceScalar(const CpuStep& step, std::uint32_t request, std::uint32_t begin, std::uint32_t width) {
    return Step<Scalar>(step, request, begin, width).Run();
}

}  // namespace sidr
