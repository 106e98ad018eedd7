// Item bitmaps: combining them and lifting them to node bits, on the host.
#pragma once

#include <cstdint>

#include "trie.h"

namespace sidr {

constexpr std::uint32_t kFilterStack = 16;
constexpr std::uint32_t kFilterProgram = 64;

// Throws if the postfix program does not leave one value, uses an unknown bitmap or needs more than kFilterStack values.
void CheckFilterProgram(const std::int32_t* program, std::uint32_t length, std::uint32_t bitmaps);
void EvaluateFilter(const sidr_filter_evaluate_args& args, std::uint64_t words);
void LiftFilter(const Trie& trie, const std::uint64_t* item_bits, std::uint64_t* node_bits);

}  // namespace sidr
