// The step on the CPU: workspace, choice of instruction set, and the loop over requests.
#include "beam_cpu.h"

#include <algorithm>
#include <atomic>

#include "status.h"

namespace sidr {
namespace {

constexpr std::uint32_t kBlock = 32768;       // scores gathered before the first selection: 128 KB, in the second-level cache
constexpr std::uint32_t kSurvivorSlack = 2048;

std::uint64_t Align256(std::uint64_t bytes) { return (bytes + 255) & ~std::uint64_t{255}; }

// Where each part of the workspace begins; the last entry is the whole.
struct Layout {
    std::uint32_t block, survivors;
    std::uint64_t logits_at, tile_at, block_at, groups_at, survivors_at, nodes_at, segments_at, bytes;

    Layout(const Trie& trie, const sidr_beam_advance_args& a) {
        std::uint64_t fan_out = trie.shape.max_fan_out[a.depth];
        std::uint64_t padded = (fan_out + 63) / 64 * 64;
        std::uint64_t tiles = (std::uint64_t{a.row_width} + 4095) / 4096;
        block = static_cast<std::uint32_t>(std::max<std::uint64_t>(kBlock, padded));
        survivors = std::max(2 * a.max_width, a.max_width + kSurvivorSlack);
        std::uint64_t at = 0;
        auto take = [&at](std::uint64_t bytes_) {
            std::uint64_t begin = at;
            at = Align256(at + bytes_);
            return begin;
        };
        logits_at = take(padded * 4);
        tile_at = take((4096 + 256) * 4);
        block_at = take((block + 2 * tiles) * 4);
        groups_at = take(2 * kMaxGroups * 4);
        survivors_at = take(std::uint64_t{survivors} * 8);
        nodes_at = take(std::uint64_t{a.max_width} * 4);
        segments_at = take(std::uint64_t{a.max_width} * sizeof(CpuStep::Segment));
        bytes = at;
    }
};

bool Supports(std::uint32_t level) {
#if defined(__x86_64__)
    if (level == SIDR_CPU_AVX2) return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("f16c");
    if (level == SIDR_CPU_AVX512)
        return Supports(SIDR_CPU_AVX2) && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
               __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
#endif
    return level == SIDR_CPU_SCALAR;
}

std::uint32_t Best() {
    return Supports(SIDR_CPU_AVX512) ? SIDR_CPU_AVX512 : Supports(SIDR_CPU_AVX2) ? SIDR_CPU_AVX2 : SIDR_CPU_SCALAR;
}

std::atomic<std::uint32_t> selected{0};

CpuAdvance Entry() {
    switch (CpuSelected()) {
#if defined(__x86_64__)
        case SIDR_CPU_AVX512: return AdvanceAvx512;
        case SIDR_CPU_AVX2: return AdvanceAvx2;
#endif
        default: return AdvanceScalar;
    }
}

}  // namespace

bool CpuSelect(std::uint32_t level) {
    if (level == SIDR_CPU_BEST) level = Best();
    if (!Supports(level)) return false;
    selected = level;
    return true;
}

std::uint32_t CpuSelected() {
    std::uint32_t level = selected;
    if (level == 0) selected = level = Best();
    return level;
}

std::uint64_t CpuWorkspaceBytes(const Trie& trie, const sidr_beam_advance_args& args) { return Layout(trie, args).bytes; }

sidr_status CpuAdvanceAll(const Trie& trie, const sidr_beam_advance_args& args) {
    Layout layout(trie, args);
    unsigned char* base = static_cast<unsigned char*>(args.workspace);
    std::uint32_t d = args.depth;
    bool by_token = args.column_kind == SIDR_COLUMNS_TOKEN;
    CpuStep step;
    step.args = &args;
    step.first_child = trie.arrays.first_child[d];
    step.next_first_child = d + 1 < trie.shape.levels ? trie.arrays.first_child[d + 1] : SidrFirstChild{};
    step.ranks = trie.arrays.rank[d + 1];
    step.rank_bytes = trie.shape.rank_bytes[d + 1];
    step.column_of = by_token ? trie.arrays.token_of[d + 1] : trie.arrays.column_of[d + 1];
    step.column_base = by_token ? trie.shape.token_base[d + 1] : trie.shape.column_base[d + 1];
    step.token_of = trie.arrays.token_of[d + 1];
    step.node_count = trie.shape.nodes[d];
    step.filter_offset = trie.shape.filter_offset[d + 1];
    step.logits = reinterpret_cast<float*>(base + layout.logits_at);
    step.tile = reinterpret_cast<float*>(base + layout.tile_at);
    step.block = reinterpret_cast<float*>(base + layout.block_at);
    step.block_capacity = layout.block;
    step.groups = reinterpret_cast<float*>(base + layout.groups_at);
    step.survivors = reinterpret_cast<std::uint64_t*>(base + layout.survivors_at);
    step.survivor_capacity = layout.survivors;
    step.old_nodes = reinterpret_cast<std::uint32_t*>(base + layout.nodes_at);
    step.segments = reinterpret_cast<CpuStep::Segment*>(base + layout.segments_at);

    CpuAdvance advance = Entry();
    std::uint32_t any = 0;
    for (std::uint32_t r = 0; r < args.requests; r++) {
        std::uint32_t begin = args.request_start ? args.request_start[r] : r * args.max_width;
        std::uint32_t width = args.request_start ? args.request_start[r + 1] - begin : args.max_width;
        std::uint32_t flags = width == 0 ? 0 : advance(step, r, begin, width);
        if (args.flags) args.flags[r] = flags;
        any |= flags;
    }
    if (any & SIDR_FLAG_INVALID_BEAM) Fail(SIDR_INVALID_LOGITS, "A beam has a row or a node out of range; its request has no result. See flags.");
    if (any) Fail(SIDR_INVALID_LOGITS, "The logits, log-sum-exps or scores of a request lead to NaN or plus infinity; it has no result. See flags.");
    return SIDR_OK;
}

}  // namespace sidr
