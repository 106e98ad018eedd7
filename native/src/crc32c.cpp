#include "crc32c.h"

#include <array>
#include <cstring>

#if defined(__x86_64__)
#include <nmmintrin.h>
#elif defined(__aarch64__) && defined(__ARM_FEATURE_CRC32)
#include <arm_acle.h>
#endif

namespace sidr {
namespace {

using Tables = std::array<std::array<std::uint32_t, 256>, 8>;

constexpr Tables MakeTables() {
    Tables tables{};
    for (std::uint32_t i = 0; i < 256; i++) {
        std::uint32_t crc = i;
        for (int bit = 0; bit < 8; bit++) crc = (crc >> 1) ^ ((crc & 1) ? 0x82F63B78u : 0u);
        tables[0][i] = crc;
    }
    for (std::uint32_t i = 0; i < 256; i++)
        for (int t = 1; t < 8; t++) tables[t][i] = (tables[t - 1][i] >> 8) ^ tables[0][tables[t - 1][i] & 255];
    return tables;
}

constexpr Tables kTables = MakeTables();

[[maybe_unused]] std::uint32_t Portable(const unsigned char* p, std::size_t n, std::uint32_t crc) {
    for (; n >= 8; n -= 8, p += 8) {
        std::uint64_t word;
        std::memcpy(&word, p, 8);
        word ^= crc;
        crc = kTables[7][word & 255] ^ kTables[6][(word >> 8) & 255] ^ kTables[5][(word >> 16) & 255] ^ kTables[4][(word >> 24) & 255] ^
              kTables[3][(word >> 32) & 255] ^ kTables[2][(word >> 40) & 255] ^ kTables[1][(word >> 48) & 255] ^ kTables[0][word >> 56];
    }
    for (; n > 0; n--, p++) crc = (crc >> 8) ^ kTables[0][(crc ^ *p) & 255];
    return crc;
}

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) std::uint32_t Hardware(const unsigned char* p, std::size_t n, std::uint32_t crc) {
    std::uint64_t wide = crc;
    for (; n >= 8; n -= 8, p += 8) {
        std::uint64_t word;
        std::memcpy(&word, p, 8);
        wide = _mm_crc32_u64(wide, word);
    }
    crc = static_cast<std::uint32_t>(wide);
    for (; n > 0; n--, p++) crc = _mm_crc32_u8(crc, *p);
    return crc;
}
#endif

// Product of two polynomials modulo the checksum's; bit 31 is the constant term.
std::uint32_t Multiply(std::uint32_t a, std::uint32_t b) {
    std::uint32_t product = 0;
    for (; a != 0; a <<= 1) {
        if (a & 0x80000000u) product ^= b;
        b = (b >> 1) ^ ((b & 1) ? 0x82F63B78u : 0u);
    }
    return product;
}

}  // namespace

std::uint32_t Crc32cJoin(std::uint32_t first, std::uint32_t second, std::uint64_t second_bytes) {
    std::uint32_t power = 0x80000000u, square = 0x00800000u;  // 1, and x^8: a byte
    for (; second_bytes != 0; second_bytes >>= 1, square = Multiply(square, square))
        if (second_bytes & 1) power = Multiply(power, square);
    return Multiply(power, first) ^ second;
}

std::uint32_t Crc32c(const void* data, std::size_t bytes, std::uint32_t crc) {
    const unsigned char* p = static_cast<const unsigned char*>(data);
    crc = ~crc;
#if defined(__x86_64__)
    static const bool has_instruction = __builtin_cpu_supports("sse4.2");
    crc = has_instruction ? Hardware(p, bytes, crc) : Portable(p, bytes, crc);
#elif defined(__aarch64__) && defined(__ARM_FEATURE_CRC32)
    for (; bytes >= 8; bytes -= 8, p += 8) {
        std::uint64_t word;
        std::memcpy(&word, p, 8);
        crc = __crc32cd(crc, word);
    }
    for (; bytes > 0; bytes--, p++) crc = __crc32cb(crc, *p);
#else
    crc = Portable(p, bytes, crc);
#endif
    return ~crc;
}

}  // namespace sidr
