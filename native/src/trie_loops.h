// The long loops over a trie's arrays, compiled for each instruction set that gains by it. None writes outside what it is given, whatever the arrays hold.
#pragma once

#include <cstdint>

#include "packed.h"

namespace sidr {

// What a loop over first_child found, in nodes `from` to `to` - 1 and the entry behind them.
struct FirstChildFound {
    bool falls = false;     // a value below the one before, or a wrap around 2^32
    bool begins = true;     // packed: each block of 64 nodes begins at its base
    std::uint32_t widest = 0;
    std::uint64_t childless = 0;
};

struct TrieLoops {
    // Marks the index of each item of 64-item blocks `block` to `end` - 1; `marks` has 2^bits bits. Other than 0: items of one SID do not ascend.
    std::uint64_t (*see_items)(SidrItemIds ids, const std::uint64_t* item_start, std::uint64_t items, std::uint64_t block, std::uint64_t end, std::uint64_t* marks);
    // Blocks of 64 nodes, `block` to `end` - 1, of `nodes`.
    FirstChildFound (*first_child)(SidrFirstChild first, std::uint64_t nodes, std::uint64_t block, std::uint64_t end);
    // Whether the ranks of each node's children ascend and stay below `tokens`, for nodes `from` to `to` - 1.
    bool (*ranks8)(SidrFirstChild first, std::uint64_t from, std::uint64_t to, const std::uint8_t* ranks, std::uint32_t tokens);
    bool (*ranks16)(SidrFirstChild first, std::uint64_t from, std::uint64_t to, const std::uint16_t* ranks, std::uint32_t tokens);
    // Bits that are set in any of `sets` bitmaps of `words` words.
    std::uint64_t (*count)(const std::uint64_t* const* bitmaps, unsigned sets, std::uint64_t words);
    // Position of every 64th set bit, in order.
    void (*sample)(const std::uint64_t* bits, std::uint64_t words, std::uint32_t* positions);
};

const TrieLoops& TrieLoopsScalar();
#if defined(__x86_64__)
const TrieLoops& TrieLoopsAvx2();
#endif
// The ones for the instruction set that sidr_cpu_set chose.
const TrieLoops& TrieLoopsNow();

}  // namespace sidr
