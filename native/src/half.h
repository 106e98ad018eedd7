// float16 and bfloat16 to float32, exact; what the instruction F16C does.
#pragma once

#include <cstdint>

#include "beam_math.h"

namespace sidr {

inline float FromBf16(std::uint16_t bits) { return FloatOf(static_cast<std::uint32_t>(bits) << 16); }

inline float FromF16(std::uint16_t bits) {
    std::uint32_t sign = static_cast<std::uint32_t>(bits & 0x8000u) << 16, exponent = (bits >> 10) & 31u, mantissa = bits & 0x3FFu;
    if (exponent == 31) return FloatOf(sign | 0x7F800000u | (mantissa ? 0x400000u : 0u) | (mantissa << 13));
    if (exponent != 0) return FloatOf(sign | ((exponent + 112) << 23) | (mantissa << 13));
    float small = static_cast<float>(mantissa) * 5.9604644775390625e-8f;  // 2^-24
    return sign ? -small : small;
}

}  // namespace sidr
