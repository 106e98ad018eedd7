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

// Product of two polynomials modulo the checksum's; bit 31 is the constant term.
constexpr std::uint32_t Multiply(std::uint32_t a, std::uint32_t b) {
    std::uint32_t product = 0;
    for (; a != 0; a <<= 1) {
        if (a & 0x80000000u) product ^= b;
        b = (b >> 1) ^ ((b & 1) ? 0x82F63B78u : 0u);
    }
    return product;
}

// x^(8 bytes) modulo the checksum's polynomial: what a checksum is multiplied by when as many zero bytes follow.
constexpr std::uint32_t ZeroBytes(std::uint64_t bytes) {
    std::uint32_t power = 0x80000000u, square = 0x00800000u;  // 1, and x^8: a byte
    for (; bytes != 0; bytes >>= 1, square = Multiply(square, square))
        if (bytes & 1) power = Multiply(power, square);
    return power;
}

#if defined(__x86_64__)
// The instruction takes three cycles and one can begin each cycle: three streams side by side, joined every 3 x 2,048 bytes.
constexpr std::size_t kStream = 2048;

// Products with x^(8 x 2,048), a byte of the other factor at a time.
using StreamTable = std::array<std::array<std::uint32_t, 256>, 4>;
constexpr StreamTable MakeStreamTable() {
    StreamTable table{};
    std::uint32_t power = ZeroBytes(kStream);
    for (std::uint32_t byte = 0; byte < 4; byte++)
        for (std::uint32_t i = 0; i < 256; i++) table[byte][i] = Multiply(i << (8 * byte), power);
    return table;
}
constexpr StreamTable kStreamTable = MakeStreamTable();
constexpr std::uint32_t PastStream(std::uint32_t crc) {
    return kStreamTable[0][crc & 255] ^ kStreamTable[1][(crc >> 8) & 255] ^ kStreamTable[2][(crc >> 16) & 255] ^ kStreamTable[3][crc >> 24];
}

__attribute__((target("sse4.2"))) std::uint32_t Hardware(const unsigned char* p, std::size_t n, std::uint32_t crc) {
    for (; n >= 3 * kStream; n -= 3 * kStream, p += 3 * kStream) {
        std::uint64_t a = crc, b = 0, c = 0;
        for (std::size_t i = 0; i < kStream; i += 8) {
            std::uint64_t word[3];
            std::memcpy(&word[0], p + i, 8);
            std::memcpy(&word[1], p + i + kStream, 8);
            std::memcpy(&word[2], p + i + 2 * kStream, 8);
            a = _mm_crc32_u64(a, word[0]);
            b = _mm_crc32_u64(b, word[1]);
            c = _mm_crc32_u64(c, word[2]);
        }
        crc = PastStream(PastStream(static_cast<std::uint32_t>(a)) ^ static_cast<std::uint32_t>(b)) ^ static_cast<std::uint32_t>(c);
    }
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

}  // namespace

std::uint32_t Crc32cJoin(std::uint32_t first, std::uint32_t second, std::uint64_t second_bytes) {
    return Multiply(ZeroBytes(second_bytes), first) ^ second;
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
