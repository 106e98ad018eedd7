// The beam step on the CPU: what the dispatcher prepares once a call, and the entry of each instruction set.
#pragma once

#include <cstdint>

#include "trie.h"

namespace sidr {

// One call, checked; pointers into the caller's arrays and its workspace.
struct CpuStep {
    const sidr_beam_advance_args* args;
    SidrFirstChild first_child;             // of the depth to expand
    SidrFirstChild next_first_child;        // of the children's depth; null if they are leaves
    const void* ranks;                      // of the children
    std::uint32_t rank_bytes;
    const std::uint32_t* column_of;         // column or token id of a rank, see column_kind
    std::uint32_t column_base;              // first column if they follow each other, else ~0; first_column not yet subtracted
    const std::uint32_t* token_of;
    std::uint64_t node_count;
    std::uint64_t filter_offset;            // words to the children's depth

    float* logits;                // [fan-out, padded]
    float* tile;                  // [SIDR_ROW_TILE + 256]
    float* block;                 // [block_capacity]
    std::uint32_t block_capacity;
    float* groups;                // [kMaxGroups]
    std::uint64_t* survivors;     // [survivor_capacity]
    std::uint32_t survivor_capacity;
    std::uint32_t* old_nodes;     // [max_width]
    struct Segment {
        std::uint32_t beam, begin, count;
    }* segments;                  // [max_width]
};

constexpr std::uint32_t kMaxGroups = 4096;

// Advances one request; returns its SIDR_FLAG_* bits.
using CpuAdvance = std::uint32_t (*)(const CpuStep& step, std::uint32_t request, std::uint32_t begin, std::uint32_t width);

std::uint32_t AdvanceScalar(const CpuStep&, std::uint32_t, std::uint32_t, std::uint32_t);
#if defined(__x86_64__)
std::uint32_t AdvanceAvx2(const CpuStep&, std::uint32_t, std::uint32_t, std::uint32_t);
std::uint32_t AdvanceAvx512(const CpuStep&, std::uint32_t, std::uint32_t, std::uint32_t);
#endif

// Bytes of workspace, and the step over it.
std::uint64_t CpuWorkspaceBytes(const Trie& trie, const sidr_beam_advance_args& args);
sidr_status CpuAdvanceAll(const Trie& trie, const sidr_beam_advance_args& args);
bool CpuSelect(std::uint32_t level);
std::uint32_t CpuSelected();

}  // namespace sidr
