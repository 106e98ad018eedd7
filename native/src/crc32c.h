// CRC-32C (Castagnoli), by the processor's instruction where it has one.
#pragma once

#include <cstddef>
#include <cstdint>

namespace sidr {

// CRC of `bytes` bytes at `data`, continuing `crc` (0 to begin).
std::uint32_t Crc32c(const void* data, std::size_t bytes, std::uint32_t crc = 0);

// CRC of two runs of bytes, one after the other, from the CRC of each.
std::uint32_t Crc32cJoin(std::uint32_t first, std::uint32_t second, std::uint64_t second_bytes);

}  // namespace sidr
